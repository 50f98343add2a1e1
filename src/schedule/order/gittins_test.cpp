#include "schedule/order/gittins.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

TEST(Gittins, WhoMayBeShortHasAHigherIndexThanWhoHasOutlivedTheShortOnes) {
  std::vector<Span> work(8, seconds(10));
  work.push_back(seconds(5'000));
  const Gittins gittins(work, seconds(3'250));
  // 8 of 9 end within the quantum and take 10 s each; the ninth takes all of it.
  EXPECT_DOUBLE_EQ(gittins.index(Span{0}), 8.0 / (8 * 10 + 3'250));
  EXPECT_DOUBLE_EQ(gittins.index(seconds(10)), 1.0 / 5'000);
}

TEST(Gittins, BeyondAllThatWasEverSeenNothingIsExpected) {
  const Gittins gittins({seconds(7), seconds(3)}, seconds(5));
  EXPECT_GT(gittins.index(seconds(6)), 0);
  EXPECT_EQ(gittins.index(seconds(7)), 0);
  EXPECT_EQ(gittins.index(hours(1)), 0);
}

TEST(Gittins, WithoutADistributionAllAreEqual) {
  EXPECT_EQ(Gittins().index(Span{0}), 0);
  EXPECT_EQ(Gittins({}, seconds(1)).index(hours(1)), 0);
}

TEST(Gittins, OfVeryManyAThousandEvenlyChosenSayAsMuch) {
  std::vector<Span> many;
  for (int i = 1; i <= 50'000; ++i) many.push_back(milliseconds(i));
  const Gittins gittins(many, seconds(1));
  // Uniform up to 50 s: 2 of 100 end in a second; at 25 s served, 4 of 100.
  EXPECT_NEAR(gittins.index(seconds(25)) / (0.04 / (0.04 * 25.5 + 0.96 * 1)), 1, 0.05);
}

}  // namespace
}  // namespace gangline
