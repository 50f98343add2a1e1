#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "os/file.h"
#include "os/http_client.h"
#include "os/http_server.h"
#include "os/loop.h"
#include "os/unix_socket.h"

namespace gangline {
namespace {

class Os : public testing::Test {
 protected:
  Os() {
    char name[] = "/tmp/gangline-os-XXXXXX";
    dir_ = ::mkdtemp(name);
  }
  ~Os() override { std::filesystem::remove_all(dir_); }
  std::string dir_;
};

TEST_F(Os, AFileIsWrittenWholeAndReadBack) {
  ASSERT_TRUE(write_file(dir_ + "/a", "hello"));
  EXPECT_EQ(*read_file(dir_ + "/a"), "hello");
  EXPECT_FALSE(read_file(dir_ + "/a", 3));
  EXPECT_EQ(read_file(dir_ + "/none").error().kind, ErrorKind::not_found);
}

TEST_F(Os, APrivateDirectoryIsClosedToOthersAndALinkIsRefused) {
  ASSERT_TRUE(make_private_directory(dir_ + "/x/y"));
  struct stat there {};
  ::stat((dir_ + "/x/y").c_str(), &there);
  EXPECT_EQ(there.st_mode & 0777, 0700u);
  ASSERT_EQ(::symlink("/tmp", (dir_ + "/link").c_str()), 0);
  EXPECT_FALSE(make_private_directory(dir_ + "/link"));
}

TEST_F(Os, ALockIsHeldByOneAtATime) {
  auto first = try_lock(dir_ + "/lock");
  ASSERT_TRUE(first && first->open());
  EXPECT_FALSE(try_lock(dir_ + "/lock")->open());
  first->reset();
  EXPECT_TRUE(try_lock(dir_ + "/lock")->open());
}

TEST_F(Os, TheLoopCallsBackForFilesTimersSignalsAndPosts) {
  Loop loop;
  int pipe_ends[2];
  ASSERT_EQ(::pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK), 0);
  Fd out(pipe_ends[0]);
  Fd in(pipe_ends[1]);
  std::string seen;
  auto readable = loop.on_readable(out.number(), [&] {
    char byte = 0;
    if (::read(out.number(), &byte, 1) == 1) seen += byte;
    if (seen == "ab") ::raise(SIGUSR1);
  });
  auto usr1 = loop.on_signal(SIGUSR1, [&] {
    seen += "!";
    loop.stop();
  });
  auto cancelled = loop.after(milliseconds(1), [&] { seen += "never"; });
  cancelled.reset();
  auto timer = loop.after(milliseconds(5), [&] { ASSERT_EQ(::write(in.number(), "ab", 2), 2); });
  loop.run();
  EXPECT_EQ(seen, "ab!");
}

TEST_F(Os, AClientIsAnsweredAlsoLaterAndOverASocketWithALongPath) {
  const std::string deep = dir_ + "/" + std::string(120, 'd');
  ASSERT_TRUE(make_private_directory(deep));
  auto listener = listen_unix(deep + "/s");
  ASSERT_TRUE(listener) << listener.error().sentence();
  std::thread client;
  {
    Loop loop;
    Loop::WatchPtr later;
    HttpServer server(loop, std::move(*listener), {::geteuid(), "9.9"},
                      [&](HttpRequest request, HttpReply reply) {
                        if (request.target == "/end") loop.stop();
                        later = loop.after(milliseconds(1), [request, reply] {
                          reply({201, request.method + request.target + request.body, {}});
                        });
                      });
    client = std::thread([&] {
      auto socket = connect_unix(deep + "/s");
      ASSERT_TRUE(socket);
      HttpClient http(std::move(*socket), "1.0");
      const std::string large(3 << 20, 'x');
      for (const std::string& body : {std::string("one"), large}) {
        const auto answer = http.ask("POST", "/a?b=c", body);
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 201u);
        EXPECT_EQ(answer->version, "9.9");
        EXPECT_EQ(answer->body, "POST/a?b=c" + body);
      }
      auto garbage = connect_unix(deep + "/s");
      ASSERT_TRUE(write_all(garbage->number(), "\x01\x02 nonsense\r\n\r\n", ""));
      char bytes[64];
      EXPECT_GT(::read(garbage->number(), bytes, sizeof bytes), 0);
      EXPECT_FALSE(http.ask("GET", "/end", ""));
    });
    loop.run();
  }  // closes the connection that waits for its answer
  client.join();
}

TEST_F(Os, AStrangersConnectionIsClosedUnanswered) {
  auto listener = listen_unix(dir_ + "/s");
  Loop loop;
  HttpServer server(loop, std::move(*listener), {::geteuid() + 1, "1"},
                    [](HttpRequest, HttpReply reply) { reply({}); });
  std::thread client([&] {
    HttpClient http(std::move(*connect_unix(dir_ + "/s")), "1");
    EXPECT_FALSE(http.ask("GET", "/", ""));
    loop.post([&] { loop.stop(); });
  });
  loop.run();
  client.join();
}

}  // namespace
}  // namespace gangline
