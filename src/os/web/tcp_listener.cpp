#include "os/web/tcp_listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/text.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr int waiting_connections = 4'096;

struct TcpAddress {
  sockaddr_storage raw{};
  socklen_t size = 0;
  bool loopback = false, any_six = false;
  sockaddr* plain() { return reinterpret_cast<sockaddr*>(&raw); }  // NOLINT: the socket API's cast
};

Result<TcpAddress> read_address(const std::string& text, std::uint16_t port) {
  TcpAddress address;
  auto* four = reinterpret_cast<sockaddr_in*>(&address.raw);  // NOLINT
  auto* six = reinterpret_cast<sockaddr_in6*>(&address.raw);  // NOLINT
  const std::string plain = text == "localhost" ? "127.0.0.1" : text;
  if (::inet_pton(AF_INET, plain.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    address.size = sizeof(sockaddr_in);
    address.loopback = (ntohl(four->sin_addr.s_addr) >> 24) == 127;
    return address;
  }
  if (::inet_pton(AF_INET6, plain.c_str(), &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    address.size = sizeof(sockaddr_in6);
    address.loopback = IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
    address.any_six = IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr);
    return address;
  }
  return Error{ErrorKind::usage, "'" + printable(text) + "' is no address to listen at",
               "--address", "say one of this machine: 127.0.0.1, ::1, 192.168.1.5, or :: for all"};
}

std::uint16_t port_of(int socket) {
  TcpAddress bound;
  bound.size = sizeof bound.raw;
  if (::getsockname(socket, bound.plain(), &bound.size) != 0) return 0;
  if (bound.raw.ss_family == AF_INET)
    return ntohs(reinterpret_cast<sockaddr_in*>(&bound.raw)->sin_port);  // NOLINT
  return ntohs(reinterpret_cast<sockaddr_in6*>(&bound.raw)->sin6_port);  // NOLINT
}

}  // namespace

Result<TcpListener> listen_tcp(const std::string& address, std::uint16_t port) {
  auto where = read_address(address, port);
  if (!where) return where.error();
  const std::string shown = address + " port " + std::to_string(port);
  TcpListener listener;
  listener.loopback = where->loopback;
  listener.socket =
      Fd(::socket(where->raw.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int fd = listener.socket.number();
  if (fd < 0) return system_error("listen", shown, errno);
  const int yes = 1;
  const int only_six = where->any_six ? 0 : 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (where->raw.ss_family == AF_INET6)
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_six, sizeof only_six);
  if (::bind(fd, where->plain(), where->size) != 0 || ::listen(fd, waiting_connections) != 0) {
    Error error = system_error("listen", shown, errno);
    if (errno == EADDRINUSE)
      error.hint = "another program listens there; --port 0 takes a free one";
    if (errno == EACCES) error.hint = "ports below 1024 are root's; --port says another";
    if (errno == EADDRNOTAVAIL) error.hint = "this machine has no such address";
    return error;
  }
  listener.port = port_of(fd);
  return listener;
}

}  // namespace gangline
