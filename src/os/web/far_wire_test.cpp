#include "os/web/far_wire.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "os/http_client.h"
#include "os/web/tcp_listener.h"

namespace gangline {
namespace {

constexpr Span soon = milliseconds(50);

/// A server that takes one connection, reads something, says this and keeps silent.
class Says {
 public:
  explicit Says(std::string text)
      : listener_(*listen_tcp("127.0.0.1", 0)), thread_([this, text = std::move(text)] {
          pollfd somebody{listener_.socket.number(), POLLIN, 0};
          while (::poll(&somebody, 1, -1) < 0) continue;
          line_ = Fd(::accept4(listener_.socket.number(), nullptr, nullptr, SOCK_CLOEXEC));
          char block[4096];
          if (::read(line_.number(), block, sizeof block) > 0)
            (void)!::write(line_.number(), text.data(), text.size());
        }) {}
  ~Says() { thread_.join(); }
  Says(const Says&) = delete;
  Says& operator=(const Says&) = delete;

  HttpPlace place() const {
    HttpPlace place;
    place.host = "127.0.0.1";
    place.port = listener_.port;
    return place;
  }
  Result<HttpAnswer> answer(Span silence = seconds(10)) const {
    auto wire = connect_far(place(), "", seconds(10), silence);
    if (!wire) return wire.error();
    return HttpClient(*std::move(wire), "Host: x\r\n").ask("GET", "/", "");
  }

 private:
  TcpListener listener_;
  Fd line_;
  std::thread thread_;
};

TEST(FarWire, HearsWhatIsSaid) {
  const Says says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nGangline-Version: 1\r\n\r\nhi");
  const auto answer = says.answer();
  ASSERT_TRUE(answer) << answer.error().sentence();
  EXPECT_EQ(answer->body, "hi");
  EXPECT_EQ(answer->version, "1");
}

TEST(FarWire, DoesNotWaitForEverForWhoSaysNothingOrNotAll) {
  for (const char* text :
       {"", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhi"}) {
    const Says says(text);
    const auto answer = says.answer(soon);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::unavailable) << text;
  }
}

TEST(FarWire, TakesNoHeadWithoutEnd) {
  const Says says("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'));
  const auto answer = says.answer();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::broken) << answer.error().sentence();
}

}  // namespace
}  // namespace gangline
