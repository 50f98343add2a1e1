// The server behind real sockets of this machine's loopback address.
#include "os/web/web_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <optional>
#include <thread>

namespace gangline {
namespace {

constexpr int longest_wait_ms = 20'000;

/// Answers with the body, or its target; /stream is one; /never is not answered.
class Echo final : public WebAnswerer {
 public:
  std::variant<std::size_t, WebAnswer> admit(const WebRequest& request) override {
    if (request.head.target == "/no")
      return WebAnswer{403, "text/plain", "", web_body("no"), false};
    return std::size_t{1'000};
  }
  void answer(const WebRequest& request, const WebExchange& exchange) override {
    if (request.head.authorization == "me" && !exchange.prove(7))
      return exchange.answer({503, "text/plain", "", web_body("too many"), true});
    exchange.on_left([this] { ++left; });
    if (request.head.target == "/never") return;
    if (request.head.target == "/stream") {
      exchange.stream({200, "text/event-stream", "", {}, false});
      streams.push_back(exchange);
      ++opened;
      return;
    }
    WebAnswer answer;
    answer.body = request.body.empty() ? web_body(std::string(request.head.target))
                                       : web_body(std::string(request.body));
    exchange.answer(std::move(answer));
  }
  WebAnswer refuse(unsigned status, std::string_view why, const WebPeer&) override {
    return {status, "text/plain", "", web_body(std::string(why)), false};
  }

  std::atomic<int> left = 0, opened = 0;
  std::vector<WebExchange> streams;  // of the loop's thread
};

class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_.number(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);  // NOLINT
  }
  void send(std::string_view text) const {
    EXPECT_EQ(::send(fd_.number(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  /// Until `what` has come; all that came. Or until the server closed, where it is empty.
  std::string read_until(std::string_view what) {
    while (what.empty() || heard_.find(what) == std::string::npos)
      if (!read_some()) break;
    return heard_;
  }
  bool is_closed() {
    while (read_some()) {
    }
    return closed_;
  }
  void close() { fd_.reset(); }

 private:
  bool read_some() {
    pollfd ready{fd_.number(), POLLIN, 0};
    if (::poll(&ready, 1, longest_wait_ms) <= 0) return false;
    char block[4096];
    const ssize_t n = ::recv(fd_.number(), block, sizeof block, 0);
    if (n <= 0) closed_ = true;
    else heard_.append(block, static_cast<std::size_t>(n));
    return n > 0;
  }

  Fd fd_;
  std::string heard_;
  bool closed_ = false;
};

class WebServing : public testing::Test {
 public:
  void begin(WebLimits limits = {}) {
    auto listener = listen_tcp("127.0.0.1", 0);
    ASSERT_TRUE(listener) << listener.error().sentence();
    port_ = listener->port;
    WebServerSettings settings;
    settings.limits = limits;
    settings.fields = "X-Every: one\r\n";
    server_.emplace(loop_, *std::move(listener), std::move(settings), echo_);
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~WebServing() override {
    if (!thread_.joinable()) return;
    loop_.post([this] {
      echo_.streams.clear();
      server_.reset();
      loop_.stop();
    });
    thread_.join();
  }
  Client client() const { return Client(port_); }
  bool becomes(const std::function<bool()>& true_now) const {
    for (int i = 0; i < 2'000 && !true_now(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return true_now();
  }

  Loop loop_;
  Echo echo_;
  std::uint16_t port_ = 0;
  std::optional<WebServer> server_;
  std::thread thread_;
};

std::string get(const std::string& target, const std::string& lines = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + lines + "\r\n";
}
std::string post(const std::string& target, std::size_t size, const std::string& body) {
  return "POST " + target +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
         body;
}

TEST_F(WebServing, AnswersRequestsOneAfterTheOtherAlsoThoseThatCameTogether) {
  begin();
  Client client = this->client();
  client.send(get("/a") + post("/b", 5, "hello") + get("/c", "Connection: close\r\n"));
  const std::string all = client.read_until("");
  const auto a = all.find("\r\n\r\n/a"), b = all.find("\r\n\r\nhello"), c = all.find("\r\n\r\n/c");
  ASSERT_NE(c, std::string::npos) << all;
  EXPECT_LT(a, b);
  EXPECT_LT(b, c);
  EXPECT_TRUE(all.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << all;
  EXPECT_NE(all.find("X-Every: one\r\n"), std::string::npos);
}

TEST_F(WebServing, TellsOfAHeadOnlyHowLongTheBodyWouldBe) {
  begin();
  Client client = this->client();
  client.send("HEAD /abc HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string all = client.read_until("");
  EXPECT_NE(all.find("Content-Length: 4\r\n"), std::string::npos) << all;
  EXPECT_TRUE(all.ends_with("\r\n\r\n")) << all;
}

TEST_F(WebServing, RefusesBodiesThatAreTooLargeOrUnwantedBeforeTheyCome) {
  begin();
  Client large = client();
  large.send(post("/a", 1'001, ""));
  EXPECT_TRUE(large.read_until("").starts_with("HTTP/1.1 413 "));
  Client unwanted = client();
  unwanted.send(post("/no", 10, ""));
  EXPECT_TRUE(unwanted.read_until("").starts_with("HTTP/1.1 403 "));
  Client asks = client();
  asks.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(asks.read_until("Continue\r\n\r\n").starts_with("HTTP/1.1 100 "));
  asks.send("ok");
  EXPECT_NE(asks.read_until("\r\n\r\nok").find("\r\n\r\nok"), std::string::npos);
}

TEST_F(WebServing, WhoDoesNotComeToTheEndOfARequestIsNotWaitedForLong) {
  WebLimits limits;
  limits.to_head = limits.to_body = milliseconds(300);
  begin(limits);
  Client silent = client(), half = client(), body = client();
  half.send("GET / HTTP/1.1\r\nHost: ");
  body.send(post("/a", 10, "hal"));
  EXPECT_TRUE(silent.is_closed());
  EXPECT_TRUE(half.read_until("").starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(body.read_until("").starts_with("HTTP/1.1 408 "));
}

TEST_F(WebServing, ThoseThatOnlyHoldConnectionsOpenAreInNobodysWay) {
  WebLimits limits;
  limits.unproven_of_address = 50;
  begin(limits);
  Client known = client();
  known.send(get("/first", "Authorization: me\r\n"));
  known.read_until("/first");
  std::vector<Client> many;
  for (int i = 0; i < 300; ++i) many.emplace_back(port_).send("GET / HT");
  Client late = client();
  late.send(get("/late"));
  EXPECT_NE(late.read_until("/late").find("/late"), std::string::npos);
  known.send(get("/again", "Authorization: me\r\n"));
  EXPECT_NE(known.read_until("/again").find("/again"), std::string::npos);
  EXPECT_TRUE(many.front().is_closed());
}

TEST_F(WebServing, OneWhoHasShownWhoTheyAreHasSoManyConnections) {
  WebLimits limits;
  limits.of_holder = 2;
  begin(limits);
  std::vector<Client> all;
  for (int i = 0; i < 3; ++i) {
    all.emplace_back(port_);
    all.back().send(get("/x", "Authorization: me\r\n"));
    EXPECT_EQ(all.back().read_until(i < 2 ? "/x" : "too many").starts_with("HTTP/1.1 503"), i == 2);
  }
}

TEST_F(WebServing, SendsAStreamPieceByPieceAndNoticesThatItsClientLeft) {
  begin();
  Client client = this->client();
  client.send(get("/stream"));
  client.read_until("\r\n\r\n");
  ASSERT_TRUE(becomes([&] { return echo_.opened == 1; }));
  loop_.post([this] { echo_.streams[0].send(web_body("event: a\n\n")); });
  EXPECT_NE(client.read_until("event: a\n\n").find("\r\n\r\nevent: a"), std::string::npos);
  client.close();
  EXPECT_TRUE(becomes([&] { return echo_.left == 1; }));
}

TEST_F(WebServing, AStreamWhoseClientDoesNotReadIsEnded) {
  WebLimits limits;
  limits.unsent = 1 << 20;
  begin(limits);
  Client client = this->client();
  client.send(get("/stream"));
  ASSERT_TRUE(becomes([&] { return echo_.opened == 1; }));
  const WebBody piece = web_body(std::string(64 << 10, 'x'));
  std::atomic<bool> over = false;
  for (int i = 0; i < 1'000 && !over; ++i)
    loop_.post([this, piece, &over] { over = over || !echo_.streams[0].send(piece); });
  EXPECT_TRUE(becomes([&] { return over.load(); }));
  EXPECT_TRUE(becomes([&] { return echo_.left == 1; }));
}

TEST_F(WebServing, WhoWaitsForAnAnswerAndLeavesIsNoticed) {
  begin();
  Client client = this->client();
  client.send(get("/never"));
  client.close();
  EXPECT_TRUE(becomes([&] { return echo_.left == 1; }));
}

}  // namespace
}  // namespace gangline
