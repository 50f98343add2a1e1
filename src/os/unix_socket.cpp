#include "os/unix_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "os/file.h"

namespace gangline {
namespace {

constexpr std::size_t most_groups = 65'536;  // NGROUPS_MAX of Linux

// A socket address holds 108 bytes of path. A longer path is reached through a descriptor of its
// directory: /proc/self/fd/N/name.
struct Address {
  sockaddr_un raw{};
  Fd directory;
};

Result<Address> address_of(const std::string& path) {
  Address address;
  address.raw.sun_family = AF_UNIX;
  std::string name = path;
  if (name.size() >= sizeof address.raw.sun_path) {
    const auto slash = path.find_last_of('/');
    auto directory = open_file(path.substr(0, slash), O_PATH | O_DIRECTORY);
    if (!directory) return directory.error();
    address.directory = std::move(*directory);
    name = "/proc/self/fd/" + std::to_string(address.directory.number()) + path.substr(slash);
    if (name.size() >= sizeof address.raw.sun_path)
      return system_error("use as a socket", path, ENAMETOOLONG);
  }
  std::memcpy(address.raw.sun_path, name.c_str(), name.size() + 1);
  return address;
}

const sockaddr* plain(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address.raw);  // NOLINT: the socket API's own cast
}

Fd stream_socket() { return Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

}  // namespace

Result<Fd> listen_unix(const std::string& path, unsigned mode) {
  auto address = address_of(path);
  if (!address) return address.error();
  Fd fd = stream_socket();
  if (!fd.open()) return system_error("make a socket", path, errno);
  ::unlink(path.c_str());
  const mode_t before = ::umask(~mode & 0777);
  const int bound = ::bind(fd.number(), plain(*address), sizeof address->raw);
  const int number = errno;
  ::umask(before);
  if (bound != 0) return system_error("bind a socket", path, number);
  if (::listen(fd.number(), 512) != 0) return system_error("listen", path, errno);
  set_nonblocking(fd.number());
  return fd;
}

Result<Fd> connect_unix(const std::string& path) {
  auto address = address_of(path);
  if (!address) return address.error();
  Fd fd = stream_socket();
  if (!fd.open()) return system_error("make a socket", path, errno);
  if (::connect(fd.number(), plain(*address), sizeof address->raw) != 0) {
    Error error = system_error("connect", path, errno);
    if (error.kind == ErrorKind::not_found) error.kind = ErrorKind::unavailable;
    return error;
  }
  return fd;
}

Result<Fd> accept_unix(int listener) {
  Fd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd.open() || errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return fd;
  return system_error("accept", "a connection", errno);
}

Result<Peer> peer_of(int socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    return system_error("ask who is there", "socket", errno);
  return Peer{credentials.uid, credentials.gid, credentials.pid};
}

Result<std::vector<std::uint32_t>> groups_of_peer(int socket) {
  std::vector<std::uint32_t> groups(most_groups);
  auto size = static_cast<socklen_t>(groups.size() * sizeof(std::uint32_t));
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0)
    return system_error("ask for the groups of who is there", "socket", errno);
  groups.resize(size / sizeof(std::uint32_t));
  return groups;
}

void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

}  // namespace gangline
