#include "schedule/order/standings.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

constexpr std::uint32_t anna = 0, bob = 1, carl = 2;

std::vector<Queue> a_lab() {
  std::vector<Queue> queues(4);
  queues[1].name = "lab";
  queues[2] = {"vision", 0, false, 1, 3};
  queues[3] = {"speech", 0, false, 1, 1};
  return queues;
}

TEST(Standings, WithoutAnyUseAllStandTheSame) {
  const Standings standings({Queue{}}, {});
  EXPECT_EQ(standings.of(0, anna), standings.of(0, bob));
}

TEST(Standings, WhoHadLessOfOneQueueGoesFirstAndWhoHadNothingBeforeAll) {
  const Standings standings({Queue{}}, {{0, anna, 20}, {0, bob, 10}});
  EXPECT_LT(standings.of(0, bob), standings.of(0, anna));
  EXPECT_LT(standings.of(0, carl), standings.of(0, bob));
}

TEST(Standings, AQueueStandsByAllThatWasUsedInItsPartsForItsShare) {
  // Vision has a share of 3 and had 600: 200 for each; speech 250 for 1.
  const Standings standings(a_lab(), {{2, anna, 600}, {3, bob, 250}});
  EXPECT_LT(standings.of(2, anna), standings.of(3, bob));
  EXPECT_LT(standings.of(2, carl), standings.of(2, anna));
  EXPECT_LT(standings.of(2, anna), standings.of(3, carl)) << "queues are compared before users";
  // The lab had 850, and so all of it stands behind those of the first queue.
  EXPECT_LT(standings.of(0, anna), standings.of(2, carl));
}

TEST(Standings, AUserOfAQueueStandsBesideItsParts) {
  const Standings standings(a_lab(), {{1, anna, 100}, {2, bob, 240}});
  EXPECT_LT(standings.of(2, bob), standings.of(1, anna)) << "80 for each share against 100";
}

}  // namespace
}  // namespace gangline
