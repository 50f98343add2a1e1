#include "os/wire.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace gangline {
namespace {

class SocketWire final : public Wire {
 public:
  explicit SocketWire(Fd socket) : socket_(std::move(socket)) {}

  std::size_t read(char* to, std::size_t most) override {
    ssize_t n = 0;
    do n = ::read(socket_.number(), to, most);
    while (n < 0 && errno == EINTR);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }

  // A connection that was closed must not end us by SIGPIPE, so this is no write.
  bool send(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

 private:
  Fd socket_;
};

}  // namespace

std::unique_ptr<Wire> wire_over(Fd socket) {
  return std::make_unique<SocketWire>(std::move(socket));
}

}  // namespace gangline
