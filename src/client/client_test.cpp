#include "client/client.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/text.h"

namespace gangline {
namespace {

std::string answer(unsigned status, const std::string& body, const std::string& version = "1.0") {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Length: " + std::to_string(body.size()) +
         (version.empty() ? "" : "\r\nGangline-Version: " + version) + "\r\n\r\n" + body;
}

/// A gateway that answers each request with the next of some texts; an empty one closes the line.
class FarAway {
 public:
  class Line final : public Wire {
   public:
    explicit Line(FarAway& far) : far_(far) {}
    std::size_t read(char* to, std::size_t most) override {
      const std::size_t n = std::min(most, rest_.size());
      std::copy_n(rest_.begin(), n, to);
      rest_.erase(0, n);
      return n;
    }
    bool send(std::string_view bytes) override {
      far_.asked.emplace_back(bytes);
      CHECK(!far_.answers.empty());
      rest_ = far_.answers.front();
      far_.answers.pop_front();
      return true;
    }

   private:
    FarAway& far_;
    std::string rest_;
  };

  Client client() {
    FarService service;
    service.connect = [this]() -> Result<std::unique_ptr<Wire>> {
      if (refused > 0) {
        --refused;
        return Error{ErrorKind::unavailable, "nobody answers there", "", ""};
      }
      ++connections;
      return std::unique_ptr<Wire>(std::make_unique<Line>(*this));
    };
    service.path = "/gang";
    service.fields = "Host: far:1\r\nAuthorization: Bearer word\r\n";
    service.shown = "https://far:1";
    service.clock = [this] { return rested; };
    service.rest = [this](Span span) {
      rested = rested + span;
      return !interrupted;
    };
    service.tells = [this](const Error& trouble, Span) { told.push_back(trouble.what); };
    service.key = [this]() -> Result<std::string> { return "key" + std::to_string(++keys); };
    return {std::move(service), "1.0"};
  }

  std::deque<std::string> answers;
  std::vector<std::string> asked;
  int connections = 0, refused = 0, keys = 0;
  Span rested{0};
  bool interrupted = false;
  std::vector<std::string> told;
};

template <class T, class Call>
Result<T> heard(Call call) {
  std::optional<Result<T>> answer;
  call([&](Result<T> given) { answer = std::move(given); });
  return *std::move(answer);
}

Result<JobId> find(Client& client) {
  return heard<JobId>([&](auto reply) { client.find("a job", reply); });
}

Result<Submitted> submit(Client& client) {
  return heard<Submitted>([&](auto reply) { client.submit({}, reply); });
}

TEST(FarClient, SaysWhoAsksAndWhat) {
  FarAway far;
  far.answers = {answer(200, "7")};
  Client client = far.client();
  EXPECT_EQ(find(client)->n, 7u);
  ASSERT_EQ(far.asked.size(), 1u);
  EXPECT_TRUE(far.asked[0].starts_with(
      "GET /gang/v1/names/a%20job HTTP/1.1\r\nHost: far:1\r\nAuthorization: Bearer word\r\n"))
      << far.asked[0];
}

TEST(FarClient, AsksAgainWhereTooManyAsk) {
  FarAway far;
  far.answers = {answer(429, "{}", ""), answer(503, "{}", ""), answer(200, "7")};
  Client client = far.client();
  EXPECT_EQ(find(client)->n, 7u);
  EXPECT_GT(far.rested, Span{0});
}

TEST(FarClient, SubmitsOnceThoughTheLineBreaks) {
  FarAway far;
  far.answers = {answer(200, "7"), "", answer(200, R"({"id":3,"gangs":1})"),
                 answer(200, R"({"id":4,"gangs":1})")};
  Client client = far.client();
  EXPECT_TRUE(find(client));
  EXPECT_EQ(submit(client)->id.n, 3u);
  EXPECT_EQ(submit(client)->id.n, 4u);
  ASSERT_EQ(far.asked.size(), 4u);
  EXPECT_NE(far.asked[1].find("?key=key1 "), std::string::npos);
  EXPECT_EQ(far.asked[1], far.asked[2]);
  EXPECT_NE(far.asked[3].find("?key=key2 "), std::string::npos);
}

TEST(FarClient, DoesNothingTwiceThatIsNoQuestion) {
  for (const std::string& end : {std::string(), answer(503, R"({"kind":"unavailable"})", "")}) {
    FarAway far;
    far.answers = {end, answer(200, "{}")};
    Client client = far.client();
    const auto reserved =
        heard<Reservation>([&](auto reply) { client.cancel_reservation(3, reply); });
    ASSERT_FALSE(reserved);
    EXPECT_EQ(reserved.error().kind, ErrorKind::unavailable);
    EXPECT_EQ(far.asked.size(), 1u);
  }
}

TEST(FarClient, GivesUpAtOnceWhereNobodyEverAnsweredAndInTheEndWhereSomebodyDid) {
  FarAway far;
  far.refused = 1'000;
  Client client = far.client();
  EXPECT_EQ(find(client).error().what, "nobody answers there");
  EXPECT_EQ(far.rested, Span{0});
  far.refused = 0;
  far.answers = {answer(200, "7"), ""};
  EXPECT_TRUE(find(client));
  far.refused = 1'000;
  EXPECT_EQ(find(client).error().what, "nobody answers there");
  EXPECT_GE(far.rested, seconds(30));
  EXPECT_LT(far.rested, seconds(40));
  EXPECT_EQ(far.told.size(), 1u);
  // What is asked next waits no more.
  const Span before = far.rested;
  EXPECT_FALSE(find(client));
  EXPECT_EQ(far.rested, before);
  far.refused = 0;
  far.answers = {answer(200, "8"), ""};
  EXPECT_EQ(find(client)->n, 8u);
  far.refused = 1'000;
  EXPECT_FALSE(find(client));
  EXPECT_GE(far.rested, before + seconds(30));
  EXPECT_EQ(far.told.size(), 2u);
}

TEST(FarClient, GivesUpWhereThePersonDoes) {
  FarAway far;
  far.answers = {answer(200, "7"), ""};
  Client client = far.client();
  EXPECT_TRUE(find(client));
  far.refused = 1'000;
  far.interrupted = true;
  EXPECT_FALSE(find(client));
  EXPECT_LT(far.rested, seconds(1));
}

TEST(FarClient, TellsWhatIsNoServiceOfItsVersion) {
  FarAway far;
  far.answers = {answer(200, "7", "2.0"), answer(200, "<html>", ""),
                 answer(401, R"({"kind":"denied","what":"this token does not hold"})", ""),
                 answer(502, "<html>", "")};
  Client client = far.client();
  EXPECT_EQ(find(client).error().kind, ErrorKind::version);
  EXPECT_EQ(client.who_am_i().error().what, "what answers there is no `gang serve`");
  EXPECT_EQ(find(client).error().what, "this token does not hold");
  EXPECT_EQ(find(client).error().where, "https://far:1");
}

TEST(FarClient, HearsAnAnswerThatComesInPieces) {
  // The line gives what it has; a head that is cut in two is put together.
  FarAway far;
  const std::string body(200'000, ' ');
  far.answers = {answer(200, body + "7"), answer(200, "8")};
  Client client = far.client();
  EXPECT_EQ(find(client)->n, 7u);
  EXPECT_EQ(find(client)->n, 8u);
  EXPECT_EQ(far.connections, 1);
}

}  // namespace
}  // namespace gangline
