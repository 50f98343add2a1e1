// Stream sockets in the file system.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace gangline {

/// Listens at `path` in place of a dead socket; whoever may write to it (`mode`) may connect.
/// `path` may be longer than sockaddr_un takes.
Result<Fd> listen_unix(const std::string& path, unsigned mode = 0600);
/// Connects, blocking. ErrorKind::unavailable if nobody listens.
Result<Fd> connect_unix(const std::string& path);
/// Non-blocking, close-on-exec. Empty Fd where nobody is there now.
Result<Fd> accept_unix(int listener);
/// Who is at the other end, as the kernel says.
struct Peer {
  std::uint32_t uid = 0, gid = 0;
  std::int64_t pid = 0;
};
Result<Peer> peer_of(int socket);
/// Its supplementary groups.
Result<std::vector<std::uint32_t>> groups_of_peer(int socket);

void set_nonblocking(int fd);

}  // namespace gangline
