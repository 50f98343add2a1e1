#include "gateway/gate.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

constexpr Time noon{1'000'000'000'000'000};

struct Door {
  Door()
      : gate({{"gpu1.lab"},
              {"https://friend.example"},
              [this](const std::string& line) { lines.push_back(line); },
              [this] {
                ++looks;
                if (!made.empty()) gate.tokens().set(made);
              }}) {}
  std::vector<AccessToken> made;  // found when it looks again
  int looks = 0;
  std::vector<std::string> lines;
  Gate gate;
  WebHead head;
  WebPeer peer{"10.0.0.7", "10.0.0.1", false, true};

  unsigned place(std::string_view host, std::string_view origin = "") {
    head.host = host;
    head.origin = origin;
    std::string cors;
    const auto no = gate.check_place({head, {}, peer}, cors);
    return no ? no->status : cors.empty() ? 200 : 204;
  }
};

TEST(Gate, HearsOnlyItsOwnNames) {
  Door door;
  EXPECT_EQ(door.place("gpu1.lab"), 200u);
  EXPECT_EQ(door.place("GPU1.LAB:7979"), 200u);
  EXPECT_EQ(door.place("10.0.0.1:7979"), 200u);
  for (const char* host : {"evil.example", "gpu1.lab.evil.example", "10.0.0.2", "localhost", "",
                           "gpu1.lab@evil.example", "127.0.0.1", "gpu1.lab:1:2", "[gpu1.lab"})
    EXPECT_EQ(door.place(host), 421u) << host;
  door.peer = {"127.0.0.1", "127.0.0.1", true, false};
  for (const char* host : {"localhost:8080", "127.0.0.1:7979", "[::1]:7979", "localhost"})
    EXPECT_EQ(door.place(host), 200u) << host;
  for (const char* host : {"localhost.evil.example", "127.0.0.1.nip.io", "127.0.0.2", "0.0.0.0"})
    EXPECT_EQ(door.place(host), 421u) << host;
}

TEST(Gate, PagesOfOtherSitesAreRefusedButThoseThatWereAllowed) {
  Door door;
  EXPECT_EQ(door.place("gpu1.lab:7979", "https://gpu1.lab:7979"), 200u);
  EXPECT_EQ(door.place("gpu1.lab:7979", "https://Friend.example"), 204u);
  for (const char* origin :
       {"https://evil.example", "null", "https://gpu1.lab:80",
        "https://friend.example.evil.example", "http://friend.example", "gpu1.lab:7979"})
    EXPECT_EQ(door.place("gpu1.lab:7979", origin), 403u) << origin;
}

TEST(Gate, LetsInWhoHasATokenAndCountsStrangersByTheirAddress) {
  Door door;
  const std::string word = *new_token_word();
  door.gate.tokens().set({{"a", Role::read, noon, never, hash_of_token(word)}});
  Refusal refusal;
  const auto comes = [&](const std::string& authorization) {
    door.head.authorization = authorization;
    return door.gate.let_in({door.head, {}, door.peer}, noon, seconds(1), refusal);
  };
  EXPECT_NE(comes("Bearer " + word), nullptr);
  EXPECT_NE(comes("bearer " + word), nullptr);
  for (const std::string& no : {std::string(), "Basic " + word, word, std::string("Bearer "),
                                "Bearer  " + word, "Bearer " + word + "x"}) {
    EXPECT_EQ(comes(no), nullptr) << no;
    EXPECT_EQ(refusal.status, 401u);
  }
  for (int i = 0; i < 200; ++i) EXPECT_EQ(comes("Bearer wrong"), nullptr);
  EXPECT_EQ(refusal.status, 429u);
  EXPECT_GT(refusal.retry_after_s, 0);
  EXPECT_NE(comes("Bearer " + word), nullptr);  // who has one is not kept out by others
  door.peer.address = "10.0.0.8";
  EXPECT_EQ(comes("Bearer wrong"), nullptr);
  EXPECT_EQ(refusal.status, 401u);
}

TEST(Gate, LooksAgainForATokenThatWasMadeAMomentAgo) {
  Door door;
  const std::string word = *new_token_word();
  door.made = {{"a", Role::read, noon, never, hash_of_token(word)}};
  Refusal refusal;
  const auto comes = [&](const std::string& authorization) {
    door.head.authorization = authorization;
    return door.gate.let_in({door.head, {}, door.peer}, noon, Span{0}, refusal) != nullptr;
  };
  EXPECT_FALSE(comes(""));
  EXPECT_EQ(door.looks, 0) << "nothing was shown";
  EXPECT_TRUE(comes("Bearer " + word));
  EXPECT_EQ(door.looks, 1);
  EXPECT_TRUE(comes("Bearer " + word));
  EXPECT_EQ(door.looks, 1);
  for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(comes("Bearer gang_wrong"));
  EXPECT_LE(door.looks, 101) << "whoever guesses makes it look no more often than they may ask";
}

TEST(Gate, LogsRefusalsInOneLineEachAndNotWithoutLimit) {
  Door door;
  const Refusal no{401, {ErrorKind::denied, "no token", "", ""}};
  door.gate.log(no, door.peer, "GET /\x1b[2J\n", seconds(1));
  ASSERT_EQ(door.lines.size(), 1u);
  EXPECT_EQ(door.lines[0].find('\x1b'), std::string::npos);
  EXPECT_EQ(door.lines[0].find('\n'), std::string::npos);
  for (int i = 0; i < 1'000; ++i) door.gate.log(no, door.peer, "", seconds(1));
  EXPECT_LE(door.lines.size(), 51u);
  door.gate.log(no, door.peer, "", seconds(100));
  EXPECT_NE(door.lines.back().find("refusals before it"), std::string::npos);
}

}  // namespace
}  // namespace gangline
