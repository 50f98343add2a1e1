#include "replay/simulate/timeline.h"

#include <gtest/gtest.h>

#include "replay/input/amounts.h"
#include "replay/simulate/small_simulation.h"

namespace gangline {
namespace {

constexpr auto nothing_asked = static_cast<std::size_t>(IdleBecause::nothing_asked);
constexpr auto scattered = static_cast<std::size_t>(IdleBecause::scattered);

Time at(std::int64_t second) { return Time{} + seconds(second); }

TEST(Timelines, WhatIsUsedAndIdleIsCountedInThePieceInWhichItIs) {
  Timeline timeline(at(0), seconds(10), 4'000);
  timeline.set(at(0), {3'000, 2, 5'000, IdleBecause::scattered});
  timeline.set(at(15), {4'000, 0, 0, IdleBecause::nothing_asked});
  timeline.set(at(20), {});
  ASSERT_EQ(timeline.pieces().size(), 2u);
  EXPECT_DOUBLE_EQ(timeline.pieces()[0].used, 30'000);
  EXPECT_DOUBLE_EQ(timeline.pieces()[0].idle[scattered], 10'000);
  EXPECT_DOUBLE_EQ(timeline.pieces()[0].waiting_gangs, 20);
  EXPECT_DOUBLE_EQ(timeline.pieces()[1].used, 15'000 + 20'000);
  EXPECT_DOUBLE_EQ(timeline.sum().waiting_devices, 75'000);
}

TEST(Timelines, WhatIsBeforeTheFirstReadingIsNotKnownAndCountsNothing) {
  Timeline timeline(at(0), seconds(10), 1'000);
  timeline.set(at(35), {1'000, 0, 0, IdleBecause::nothing_asked});
  timeline.set(at(40), {});
  EXPECT_DOUBLE_EQ(timeline.sum().used, 5'000);
  EXPECT_DOUBLE_EQ(timeline.sum().idle[nothing_asked], 0);
}

TEST(Timelines, ALongOneHasWiderPiecesAndLosesNothing) {
  Timeline timeline(at(0), seconds(1), 2'000);
  for (std::int64_t s = 0; s < 100'000; s += 7)
    timeline.set(at(s), {s % 2 == 0 ? 1'000.0 : 2'000.0, 1, 0, IdleBecause::scattered});
  timeline.set(at(100'000), {});
  EXPECT_LE(timeline.pieces().size(), Timeline::most_pieces);
  EXPECT_GT(timeline.width(), seconds(1));
  const Piece sum = timeline.sum();
  EXPECT_NEAR(sum.used + sum.idle[scattered], 2'000.0 * 100'000, 1);
  EXPECT_NEAR(sum.waiting_gangs, 100'000, 1e-3);
}

TEST(Timelines, MoreUsedThanThereIsLeavesNothingIdle) {
  Timeline timeline(at(0), seconds(10), 1'000);
  timeline.set(at(0), {3'000, 0, 0, IdleBecause::scattered});
  timeline.set(at(10), {});
  EXPECT_DOUBLE_EQ(timeline.sum().idle[scattered], 0);
}

TEST(Timelines, APartIsPutInWithOtherPiecesAtAnotherTimeAndTheSumStays) {
  Timeline whole(at(0), seconds(10), 8'000);
  whole.set(at(0), {});
  whole.set(at(100), {});
  Timeline part(at(23), seconds(7), 4'000);
  part.set(at(23), {3'000, 2, 1'000, IdleBecause::scattered});
  part.set(at(60), {});
  whole.put_in(part);
  const Piece sum = whole.sum();
  EXPECT_NEAR(sum.used, 3'000.0 * 37, 1e-6);
  EXPECT_NEAR(sum.idle[scattered], 1'000.0 * 37, 1e-6);
  EXPECT_NEAR(sum.idle[nothing_asked], 8'000.0 * 100 - 4'000.0 * 37, 1e-6);
  EXPECT_NEAR(sum.waiting_gangs, 2 * 37, 1e-6);
  EXPECT_NEAR(whole.pieces().at(2).used, 3'000.0 * 7, 1e-6) << "from 23 to 30";
  EXPECT_NEAR(whole.pieces().at(6).used, 0, 1e-6);
}

TEST(Timelines, ThatPatienceWithThoseWhoNeverStartRunsOutMakesAHistoryNoLonger) {
  History history = small_history({{0, 2, 1}, {5, 4, 1}, {10, 1, 1}});
  for (PastJob& job : history.jobs) job.run = longest_span_in_a_log;  // it never leaves
  const auto simulated = simulate(history, small_cluster(1, 4).cluster, under("gang"));
  ASSERT_TRUE(simulated.ok());
  EXPECT_EQ(to_seconds(simulated->end - simulated->begin), 10);
  const Piece sum = simulated->timeline.sum();
  EXPECT_NEAR(sum.used, 2'000.0 * 10, 1);
}

}  // namespace
}  // namespace gangline
