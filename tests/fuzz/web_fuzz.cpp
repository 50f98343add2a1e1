// Any bytes on the TCP port of `gang serve`: the head of a request as it is read, and what it reads
// put through every check and route of the gateway, once without a token and once with one.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/check.h"
#include "gateway/gateway.h"

namespace gangline {
namespace {

constexpr int requests_of_a_gateway = 2'000;

class OneAnswer final : public WebLine {
 public:
  std::uint64_t number() const override { return 1; }
  void answer(std::uint64_t, WebAnswer answer) override {
    CHECK(++answers == 1);
    CHECK(answer.status >= 200 && answer.status < 600);
    // No field of an answer may end another one.
    for (std::size_t at = answer.fields.find('\n'); at != std::string::npos;
         at = answer.fields.find('\n', at + 1))
      CHECK(at > 0 && answer.fields[at - 1] == '\r');
    CHECK(answer.fields.find("\r\n\r\n") == std::string::npos);
  }
  void stream(std::uint64_t, WebAnswer) override { CHECK(++answers == 1); }
  bool send(std::uint64_t, const WebBody&) override { return false; }
  std::size_t unsent(std::uint64_t) const override { return 0; }
  void end(std::uint64_t) override {}
  void on_left(std::uint64_t, std::function<void()>) override {}
  bool prove(std::uint64_t) override { return true; }
  int answers = 0;
};

struct World {
  Loop loop;
  std::string word = "gang_word";
  std::unique_ptr<Gateway> gateway;
  int asked = 0;

  Gateway& fresh() {
    if (gateway && ++asked < requests_of_a_gateway) return *gateway;
    asked = 0;
    GatewaySettings settings;
    settings.gate.names = {"localhost"};
    settings.gate.log = [](const std::string& line) {
      for (const char c : line) CHECK(static_cast<unsigned char>(c) >= 0x20);
    };
    settings.connect = []() -> Result<Fd> {
      return Error{ErrorKind::unavailable, "nobody is there", "", ""};
    };
    settings.directory = "/nowhere";
    gateway = std::make_unique<Gateway>(loop, std::move(settings));
    gateway->set_tokens({{"a", Role::operate, Time{0}, never, hash_of_token(word)}});
    return *gateway;
  }
};

void ask(World& world, const WebHead& head, std::string_view body) {
  Gateway& gateway = world.fresh();
  const WebPeer peer{"127.0.0.1", "127.0.0.1", true, false};
  const WebRequest request{head, body, peer};
  if (!body.empty() && std::holds_alternative<WebAnswer>(gateway.admit({head, {}, peer}))) return;
  const auto line = std::make_shared<OneAnswer>();
  gateway.answer(request, WebExchange(line));
}

}  // namespace
}  // namespace gangline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gangline;  // NOLINT
  static World world;
  const std::string text(reinterpret_cast<const char*>(data), size);
  // 1. As it came.
  WebHead head;
  const HeadRead read = read_head(text, 0, head);
  CHECK((read.status != 0) == (read.why != nullptr));
  CHECK(read.size <= text.size());
  if (read.size > 0) {
    for (const char c : head.target) CHECK(c > 0x20 && c < 0x7f);
    ask(world, head, std::string_view(text).substr(read.size));
  }
  // 2. With a good head around the target, whatever follows is the body.
  const auto end = text.find('\n');
  const std::string good = " /" + text.substr(0, end) +
                           " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + world.word +
                           "\r\n\r\n";
  for (const std::string method : {"GET", "POST"}) {
    const std::string whole = method + good;
    const std::string body =
        method == "GET" || end == std::string::npos ? "" : text.substr(end + 1);
    if (read_head(whole, 0, head).size > 0) ask(world, head, body);
  }
  return 0;
}
