#include "os/http_call.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "os/unix_socket.h"

namespace gangline {
namespace {

/// A server that says what it is told to say and hangs up, whatever it is asked.
class HttpCallTest : public ::testing::Test {
 protected:
  HttpCallTest() {
    char name[] = "/tmp/gangline-call-XXXXXX";
    directory_ = ::mkdtemp(name);
    place_.socket = directory_ + "/sock";
    listener_ = *listen_unix(place_.socket);
    accepting_ = loop_.on_readable(listener_.number(), [this] {
      auto accepted = accept_unix(listener_.number());
      if (accepted && accepted->open()) serve(*std::move(accepted));
    });
  }
  ~HttpCallTest() override { std::filesystem::remove_all(directory_); }

  void serve(Fd socket) {
    ++calls_;
    socket_ = std::move(socket);
    reading_ = loop_.on_readable(socket_.number(), [this] {
      char block[4096];
      const ssize_t n = ::read(socket_.number(), block, sizeof block);
      if (n > 0) asked_.append(block, static_cast<std::size_t>(n));
      if (n > 0 && asked_.find("\r\n\r\n") == std::string::npos) return;
      reading_.reset();
      if (silent_) return;
      (void)::send(socket_.number(), says_.data(), says_.size(), MSG_NOSIGNAL);
      socket_.reset();
    });
  }

  Result<HttpAnswer> ask(HttpCall call = {"GET", "/x"}) {
    std::optional<Result<HttpAnswer>> answer;
    const HttpCallRun run(loop_, place_, std::move(call),
                          [&](Result<HttpAnswer> heard, HttpFailure how) {
                            answer = std::move(heard);
                            failure_ = how;
                            loop_.stop();
                          });
    EXPECT_FALSE(answer);  // never from within
    loop_.run();
    return *std::move(answer);
  }

  Loop loop_;
  std::string directory_, asked_, says_;
  HttpPlace place_;
  Fd listener_, socket_;
  Loop::WatchPtr accepting_, reading_;
  int calls_ = 0;
  bool silent_ = false;
  HttpFailure failure_ = HttpFailure::none;
};

TEST_F(HttpCallTest, a_whole_answer_of_any_status_is_heard) {
  says_ = "HTTP/1.1 500 INTERNAL ERROR\r\nConnection: Close\r\nContent-Length: 5\r\n\r\nhello";
  HttpCall call{"POST", "/job"};
  call.headers = {{"X-SLURM-USER-TOKEN", "secret"}};
  call.body = "{}";
  const auto answer = ask(call);
  ASSERT_TRUE(answer.ok()) << answer.error().sentence();
  EXPECT_EQ(answer->status, 500u);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(failure_, HttpFailure::none);
  EXPECT_TRUE(asked_.starts_with("POST /job HTTP/1.1\r\n"));
  EXPECT_NE(asked_.find("X-SLURM-USER-TOKEN: secret\r\n"), std::string::npos);
  EXPECT_NE(asked_.find("Content-Length: 2\r\n"), std::string::npos);
}

TEST_F(HttpCallTest, an_answer_in_chunks_is_put_together) {
  says_ = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  const auto answer = ask();
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->body, "abcde");
}

TEST_F(HttpCallTest, half_an_answer_is_none_wherever_it_breaks_off) {
  const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"jobs\": []        }";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    says_ = whole.substr(0, length);
    const auto answer = ask();
    ASSERT_FALSE(answer.ok()) << length;
    EXPECT_EQ(answer.error().kind, ErrorKind::unavailable) << answer.error().what;
    EXPECT_EQ(failure_, HttpFailure::no_answer);
  }
  says_ = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
  EXPECT_FALSE(ask().ok());
  says_ = "HTTP/1.1 200 OK\r\n\r\n{\"jobs\": []}";  // it does not say how long it is
  EXPECT_FALSE(ask().ok());
}

TEST_F(HttpCallTest, what_is_too_long_or_no_http_is_not_taken) {
  says_ = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
  HttpCall call{"GET", "/x"};
  call.most_answer = 99;
  EXPECT_NE(ask(call).error().what.find("longer"), std::string::npos);
  says_ = "HTTP/1.1 200 OK\r\nX: " + std::string(largest_http_header, 'x') + "\r\n\r\n";
  EXPECT_NE(ask().error().what.find("longer"), std::string::npos);
  says_ = "SSH-2.0-OpenSSH_9.2\r\n";
  EXPECT_EQ(ask().error().kind, ErrorKind::broken);
}

TEST_F(HttpCallTest, whoever_does_not_answer_is_not_waited_for_without_end) {
  silent_ = true;
  HttpCall call{"GET", "/x"};
  call.deadline = milliseconds(50);
  const auto answer = ask(call);
  EXPECT_NE(answer.error().what.find("in time"), std::string::npos);
  EXPECT_EQ(failure_, HttpFailure::no_answer);
}

TEST_F(HttpCallTest, what_nobody_listens_to_was_not_sent) {
  place_.socket = directory_ + "/nobody";
  EXPECT_EQ(ask().error().kind, ErrorKind::unavailable);
  EXPECT_EQ(failure_, HttpFailure::not_sent);
  place_ = *read_http_place("http://127.0.0.1:1");
  EXPECT_FALSE(ask().ok());
  EXPECT_EQ(failure_, HttpFailure::not_sent);
  EXPECT_EQ(ask_http(place_, {"GET", "/"}).error().where, "127.0.0.1:1");
}

TEST_F(HttpCallTest, a_call_that_is_given_up_tells_nobody) {
  says_ = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  bool heard = false;
  std::optional<HttpCallRun> run;
  run.emplace(loop_, place_, HttpCall{"GET", "/x"}, [&](const auto&, auto) { heard = true; });
  loop_.post([&] { run.reset(); });
  EXPECT_TRUE(ask().ok());
  EXPECT_FALSE(heard);
}

TEST(HttpPlaceTest, is_a_host_with_a_port_or_a_path_of_a_socket) {
  const auto host = read_http_place("http://head.example:6820/slurm-api/");
  ASSERT_TRUE(host.ok());
  EXPECT_EQ(host->host, "head.example");
  EXPECT_EQ(host->port, 6820);
  EXPECT_EQ(host->path, "/slurm-api");
  EXPECT_EQ(read_http_place("http://[::1]:6820")->host, "::1");
  EXPECT_EQ(read_http_place("http://head")->port, 80);
  EXPECT_EQ(read_http_place("unix:/run/slurm.sock")->socket, "/run/slurm.sock");
  EXPECT_EQ(read_http_place("unix:///run/slurm.sock")->socket, "/run/slurm.sock");
  for (const char* text : {"", "head:6820", "https://head:6820", "http://", "http://:80",
                           "http://head:0", "http://head:70000", "http://head:x", "unix:", "unix:x",
                           "http://a b", "http://a\r\nX: y", "http://me:secret@head:80"})
    EXPECT_FALSE(read_http_place(text).ok()) << text;
}

TEST(HttpPlaceTest, a_web_address_keeps_all_that_stands_behind_its_host) {
  const auto hook = read_web_place("https://chat.example/hooks/a/?key=b:c/");
  ASSERT_TRUE(hook.ok()) << hook.error().sentence();
  EXPECT_TRUE(hook->tls);
  EXPECT_EQ(hook->host, "chat.example");
  EXPECT_EQ(hook->port, 443);
  EXPECT_EQ(hook->path, "/hooks/a/?key=b:c/");
  EXPECT_EQ(read_web_place("https://[::1]:8443")->port, 8443);
  EXPECT_EQ(read_web_place("https://[::1]")->port, 443);
  EXPECT_EQ(read_web_place("https://[::1]")->path, "/");
  EXPECT_FALSE(read_web_place("http://head/x")->tls);
  EXPECT_EQ(read_web_place("http://head/x")->port, 80);
  for (const char* text : {"", "unix:/run/x", "https://", "https://head?x", "ftp://head/",
                           "https://a b", "https://a\r\nX: y", "https://me:secret@head"})
    EXPECT_FALSE(read_web_place(text).ok()) << text;
}

}  // namespace
}  // namespace gangline
