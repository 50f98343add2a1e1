#include "control/rounds.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

constexpr Time at(std::int64_t s) { return Time{} + seconds(s); }

TEST(Rounds, BeginAtWholeMultiplesAndGoOnUntilClosed) {
  Rounds rounds(seconds(60));
  EXPECT_FALSE(rounds.ask(at(61)));
  EXPECT_EQ(rounds.next(), at(120));
  EXPECT_FALSE(rounds.ask(at(119)));
  EXPECT_TRUE(rounds.ask(at(121)));  // a little late
  EXPECT_TRUE(rounds.ask(at(150)));
  rounds.close();
  EXPECT_FALSE(rounds.ask(at(150)));
  EXPECT_EQ(rounds.next(), at(180));
}

TEST(Rounds, OneThatNobodyAskedForPassesBy) {
  Rounds rounds(seconds(60));
  EXPECT_FALSE(rounds.ask(at(1'001)));
  EXPECT_EQ(rounds.next(), at(1'020));
}

TEST(Rounds, WithoutALengthItIsAlwaysTime) {
  Rounds rounds(Span{0});
  EXPECT_TRUE(rounds.ask(at(61)));
  rounds.close();
  EXPECT_TRUE(rounds.ask(at(62)));
}

}  // namespace
}  // namespace gangline
