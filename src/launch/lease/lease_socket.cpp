#include "launch/lease/lease_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/text.h"
#include "os/file.h"

namespace gangline {
namespace {

// Whoever looks stays in the queue until the lease ends, since nobody lets them in.
constexpr int most_lookers = 4096;
// `exec 3>file` in a script of a task must not hit it.
constexpr int lowest_number = 700;

struct NameAddress {
  sockaddr_un raw{};
  socklen_t size = 0;

  const sockaddr* plain() const {
    return reinterpret_cast<const sockaddr*>(&raw);  // NOLINT: the socket API's own cast
  }
};

// An abstract name begins with a zero byte and is no file.
NameAddress address_of(const std::string& name) {
  NameAddress address;
  address.raw.sun_family = AF_UNIX;
  std::memcpy(address.raw.sun_path + 1, name.data(), name.size());
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return address;
}

/// A name that is too long for a socket keeps its beginning, and the rest by a checksum (FNV-1a).
std::string fitting(std::string name) {
  constexpr std::size_t longest = sizeof(sockaddr_un{}.sun_path) - 1;
  if (name.size() <= longest) return name;
  std::uint64_t sum = 14695981039346656037u;
  for (const char c : name) sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211u;
  const std::string end = "#" + std::to_string(sum);
  name.resize(longest - end.size());
  return name + end;
}

}  // namespace

std::string lease_scope() {
  const char* root = std::getenv("GANGLINE_ROOT");
  std::string scope = "gangline";
  if (root != nullptr && std::string_view(root) != "/") scope += root;
  return scope;
}

std::string lease_name(const std::string& scope, const std::string& uid) {
  return fitting(scope + "/device/" + uid);
}

std::string launcher_name(const std::string& scope, std::int64_t pid, const std::string& epoch) {
  return fitting(scope + "/launcher/" + std::to_string(pid) + "/" + epoch);
}

Result<Fd> take_name(const std::string& name) {
  Fd made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!made.open()) return system_error("make a socket for", name, errno);
  // Few files allowed: any number will do.
  Fd fd(::fcntl(made.number(), F_DUPFD_CLOEXEC, lowest_number));
  if (!fd.open()) fd = std::move(made);
  const NameAddress address = address_of(name);
  if (::bind(fd.number(), address.plain(), address.size) != 0) {
    if (errno == EADDRINUSE) return Fd{};
    return system_error("take the name", name, errno);
  }
  if (::listen(fd.number(), most_lookers) != 0) return system_error("listen on", name, errno);
  return fd;
}

Glance look_at(const std::string& name) {
  Glance glance;
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.open()) return glance;
  const NameAddress address = address_of(name);
  const bool connected = ::connect(fd.number(), address.plain(), address.size) == 0;
  // EAGAIN: so many look already that there is no place in the queue.
  glance.held = connected || errno == EAGAIN;
  if (!connected) return glance;
  if (const auto peer = peer_of(fd.number())) glance.holder = *peer;
  glance.line = std::move(fd);
  return glance;
}

std::set<std::string> taken_names(const std::string& scope) {
  // Lines end with the name; its zero byte is shown as '@'.
  const std::string begin = " @" + scope + "/";
  std::set<std::string> names;
  std::ifstream all("/proc/net/unix");
  for (std::string line; std::getline(all, line);)
    if (const auto at = line.find(begin); at != std::string::npos)
      names.insert(line.substr(at + 2));
  return names;
}

bool is_of_launcher(const std::string& scope, const Peer& holder, std::uint32_t uid,
                    const std::string& epoch) {
  if (holder.uid != uid) return false;
  const Glance glance = look_at(launcher_name(scope, holder.pid, epoch));
  return glance.holder && glance.holder->uid == uid && glance.holder->pid == holder.pid;
}

}  // namespace gangline
