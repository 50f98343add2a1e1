// Real sockets on the loopback.
#include "os/keyed_stream.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <vector>

#include "os/clock.h"

namespace gangline {
namespace {

constexpr const char* here = "127.0.0.1";

class KeyedStreamTest : public ::testing::Test {
 protected:
  KeyedStreamTest() { ::signal(SIGPIPE, SIG_IGN); }

  void listen(StrangerLimits limits = {}) {
    auto made = KeyedListener::listen(
        loop, here, 0,
        [this](std::string_view name) -> std::optional<StreamKey> {
          if (name == key.name) return key;
          return std::nullopt;
        },
        [this](std::unique_ptr<KeyedStream> stream, const std::string& name) {
          EXPECT_EQ(name, key.name);
          accepted = std::move(stream);
          accepted->set_calls({{},
                               [this](std::string_view bytes) { heard += bytes; },
                               [this](const std::string&) { other_end_gone = true; }});
        },
        limits);
    ASSERT_TRUE(made) << made.error().sentence();
    listener = *std::move(made);
  }

  std::unique_ptr<KeyedStream> connect(const StreamKey& with) {
    auto made = KeyedStream::connect(
        loop, here, listener->port(), with,
        {[this] { ready = true; }, [this](std::string_view bytes) { answered += bytes; },
         [this](const std::string& text) { why = text; }});
    EXPECT_TRUE(made);
    return made ? *std::move(made) : nullptr;
  }

  int connect_stranger() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(listener->port());
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);  // NOLINT
    return fd;
  }

  bool run_until(const std::function<bool()>& done, Span longest = seconds(20)) {
    const Span begun = since_boot();
    bool was_done = false;
    const auto tick = loop.every(milliseconds(2), [&] {
      was_done = done();
      if (was_done || since_boot() - begun > longest) loop.stop();
    });
    loop.run();
    return was_done;
  }

  /// Whether the listener has closed it.
  static bool is_closed(int fd) {
    char block[4096];
    for (;;) {
      const ssize_t n = ::recv(fd, block, sizeof block, MSG_DONTWAIT);
      if (n == 0 || (n < 0 && errno == ECONNRESET)) return true;
      if (n < 0) return false;
    }
  }

  Loop loop;
  StreamKey key{"pilot-1", *random_bytes(stream_key_bytes)};
  std::unique_ptr<KeyedListener> listener;
  std::unique_ptr<KeyedStream> accepted;
  std::string heard, answered, why;
  bool ready = false, other_end_gone = false;
};

TEST_F(KeyedStreamTest, two_ends_that_know_the_key_hear_each_other) {
  listen();
  const auto stream = connect(key);
  ASSERT_TRUE(run_until([&] { return ready && accepted; })) << why;
  stream->send("hello");
  accepted->send("and you");
  EXPECT_TRUE(run_until([&] { return heard == "hello" && answered == "and you"; }));
  EXPECT_EQ(listener->strangers(), 0u);
}

TEST_F(KeyedStreamTest, much_goes_both_ways_at_once) {
  listen();
  const auto stream = connect(key);
  ASSERT_TRUE(run_until([&] { return ready && accepted; })) << why;
  const std::string much(8 << 20, 'x');
  stream->send(much);
  accepted->send(much);
  EXPECT_TRUE(run_until([&] { return heard.size() == much.size() && answered == much; }));
  EXPECT_EQ(heard, much);
}

TEST_F(KeyedStreamTest, what_pauses_hears_nothing_until_it_goes_on) {
  listen();
  const auto stream = connect(key);
  ASSERT_TRUE(run_until([&] { return ready && accepted; })) << why;
  accepted->pause(true);
  stream->send("first");
  accepted->send("now");
  ASSERT_TRUE(run_until([&] { return answered == "now"; }));
  EXPECT_EQ(heard, "");
  accepted->pause(false);
  EXPECT_TRUE(run_until([&] { return heard == "first"; }));
}

TEST_F(KeyedStreamTest, the_end_of_one_is_heard_by_the_other) {
  listen();
  auto stream = connect(key);
  ASSERT_TRUE(run_until([&] { return ready && accepted; })) << why;
  stream.reset();
  EXPECT_TRUE(run_until([&] { return other_end_gone; }));
}

TEST_F(KeyedStreamTest, another_key_of_the_same_name_is_refused) {
  listen();
  const auto stream = connect({key.name, *random_bytes(stream_key_bytes)});
  EXPECT_TRUE(run_until([&] { return !why.empty(); }));
  EXPECT_FALSE(ready);
  EXPECT_FALSE(accepted);
  EXPECT_TRUE(run_until([&] { return listener->strangers() == 0; }));
}

TEST_F(KeyedStreamTest, a_key_of_an_unknown_name_is_refused) {
  listen();
  const auto stream = connect({"pilot-2", key.secret});
  EXPECT_TRUE(run_until([&] { return !why.empty(); }));
  EXPECT_FALSE(ready);
  EXPECT_FALSE(accepted);
}

TEST_F(KeyedStreamTest, who_answers_without_the_key_is_not_believed) {
  // A listener with another key stands where ours is expected.
  listen();
  const StreamKey asked = key;
  key.secret = *random_bytes(stream_key_bytes);
  const auto stream = connect(asked);
  EXPECT_TRUE(run_until([&] { return !why.empty(); }));
  EXPECT_FALSE(ready);
}

TEST_F(KeyedStreamTest, garbage_is_hung_up_on) {
  listen();
  const int stranger = connect_stranger();
  const std::string garbage(100'000, 'G');
  EXPECT_GT(::send(stranger, garbage.data(), garbage.size(), MSG_NOSIGNAL), 0);
  EXPECT_TRUE(run_until([&] { return is_closed(stranger); }));
  EXPECT_TRUE(run_until([&] { return listener->strangers() == 0; }));
  EXPECT_FALSE(accepted);
  ::close(stranger);
}

TEST_F(KeyedStreamTest, who_says_nothing_is_hung_up_on_after_a_while) {
  listen({32, milliseconds(50)});
  const int stranger = connect_stranger();
  ASSERT_TRUE(run_until([&] { return listener->strangers() == 1; }));
  EXPECT_TRUE(run_until([&] { return is_closed(stranger) && listener->strangers() == 0; }));
  ::close(stranger);
}

TEST_F(KeyedStreamTest, many_strangers_keep_nobody_out_who_knows_the_key) {
  listen({4, minutes(1)});
  std::vector<int> strangers;
  for (int i = 0; i < 20; ++i) {
    strangers.push_back(connect_stranger());
    run_until([&] { return listener->strangers() > 0; });
    EXPECT_LE(listener->strangers(), 4u);
  }
  const auto stream = connect(key);
  EXPECT_TRUE(run_until([&] { return ready && accepted; })) << why;
  for (const int fd : strangers) ::close(fd);
}

TEST_F(KeyedStreamTest, where_nobody_listens_it_is_told) {
  listen();
  const std::uint16_t port = listener->port();
  listener.reset();
  auto made = KeyedStream::connect(loop, here, port, key,
                                   {{}, {}, [this](const std::string& text) { why = text; }});
  if (made) {
    EXPECT_TRUE(run_until([&] { return !why.empty(); }));
  }
  EXPECT_FALSE(KeyedStream::connect(loop, "no address", port, key, {}));
  EXPECT_FALSE(KeyedStream::connect(loop, here, port, {"short", "key"}, {}));
}

}  // namespace
}  // namespace gangline
