#include "schedule/order/came_down.h"

#include <gtest/gtest.h>

#include "schedule/small_world.h"

namespace gangline {
namespace {

constexpr Time at(std::int64_t s) { return Time{} + seconds(s); }

WaitingGroup of_two_devices() {
  WaitingGroup group;
  group.request = std::make_shared<const ResourceRequest>(gpus(1, 2));
  return group;
}

TEST(CameDown, IsWhenItsWorkReachedTheLevelInTheRunOfThen) {
  WaitingGroup group = of_two_devices();
  group.progress.served = seconds(40);
  group.progress.stop(at(100));  // it ran from 60
  group.progress.served = seconds(90);
  group.progress.stop(at(250));  // and from 200
  // 100 device-seconds are 50 of two devices: 40 of the first run and 10 of the second.
  EXPECT_EQ(came_down_at(group, seconds(100), Span{0}), at(210));
  EXPECT_EQ(came_down_at(group, seconds(60), Span{0}), at(90));
}

TEST(CameDown, CountsFromTheNextRound) {
  WaitingGroup group = of_two_devices();
  group.progress.served = seconds(50);
  group.progress.stop(at(130));
  EXPECT_EQ(came_down_at(group, seconds(100), seconds(60)), at(180));
  EXPECT_EQ(came_down_at(group, seconds(80), seconds(60)), at(120));  // just then
}

TEST(CameDown, TheOldestOfVeryManyStopsAreForgotten) {
  Progress progress;
  for (int n = 1; n <= 100; ++n) progress.stop(at(n));
  EXPECT_EQ(progress.stops.size(), Progress::most_stops);
  EXPECT_EQ(progress.stops.back().at, at(100));
  EXPECT_EQ(progress.stopped, at(100));
}

}  // namespace
}  // namespace gangline
