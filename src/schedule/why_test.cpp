#include <gtest/gtest.h>

#include "schedule/make_plan.h"
#include "schedule/small_world.h"

namespace gangline {
namespace {

WhyAnswer why_in(const SmallWorld& world, std::uint64_t job, std::string_view policy = "easy") {
  return why(world.snapshot, *find_policy(policy), {job});
}

TEST(Why, NamesTheHolderItsEndTheExpectedStartAndTheSmallestChange) {
  SmallWorld world;
  world.node("a", 6, 16);
  world.hold(5, world.part(0, {0, 1, 2, 3}, {0}), minutes(10));
  world.wait(7, 1, gpus(4)).time = minutes(1);
  const WhyAnswer answer = why_in(world, 7);
  EXPECT_EQ(answer.reason, "4 gpus wanted, 2 free; job 5 holds 4 until about 13:56 UTC");
  EXPECT_EQ(answer.expected, world.snapshot.now + minutes(10));
  ASSERT_FALSE(answer.suggestions.empty());
  EXPECT_EQ(answer.suggestions[0].change, "ask for 2 gpus instead of 4");
  EXPECT_EQ(answer.suggestions[0].start, world.snapshot.now);
}

TEST(Why, SaysThatNobodyKnowsWhereTheHolderHasNoTimeLimit) {
  SmallWorld world;
  world.node("a", 1, 16);
  world.hold(5, world.part(0, {0}, {0}));
  world.wait(7, 1, gpus(1));
  const WhyAnswer answer = why_in(world, 7);
  EXPECT_EQ(answer.reason, "1 gpu wanted, 0 free; job 5 holds 1 and has no time limit");
  EXPECT_FALSE(answer.expected);
  EXPECT_EQ(answer.expected_because, "job 5 has no time limit, so nobody knows when it ends");
  EXPECT_TRUE(answer.suggestions.empty());
}

TEST(Why, OfAJobAfterOthersNamesThoseAndNotWhoeverRuns) {
  SmallWorld world;
  world.node("a", 2, 16);
  world.hold(4, world.part(0, {0}, {0}));
  world.hold(5, world.part(0, {1}, {1}));
  world.wait(6, 1, gpus(2)).after = {{5}};
  world.wait(7, 1, gpus(1)).after = {{6}};
  EXPECT_EQ(why_in(world, 7).expected_because,
            "job 5 has no time limit, so nobody knows when it ends");
  world.wait(8, 1, gpus(1));
  world.wait(9, 1, gpus(1)).after = {{8}};
  EXPECT_EQ(why_in(world, 9).expected_because,
            "job 8 waits too, and job 4 has no time limit, so nobody knows when it ends");
}

TEST(Why, OffersAShareAndAnotherModel) {
  SmallWorld world;
  world.node("a", 2, 16).devices[1].model = "NVIDIA A100-SXM4-40GB";
  world.hold(5, world.part(0, {0}, {0}, Share{500}));
  ResourceRequest request = gpus(1);
  request.alternatives[0].devices->model = "H100";
  world.wait(7, 1, request);
  const WhyAnswer answer = why_in(world, 7);
  ASSERT_EQ(answer.suggestions.size(), 2u);
  EXPECT_EQ(answer.suggestions[0].change, "ask for any model of gpu instead of H100");
  EXPECT_EQ(answer.suggestions[1].change,
            "share one with others: ask for 0.5 of a gpu (H100) and 1 cpu");
}

TEST(Why, OffersATimeThatEndsBeforeThePromisedStart) {
  SmallWorld world;
  world.node("a", 4, 16);
  world.hold(5, world.part(0, {0, 1}, {0}), minutes(30));
  world.wait(6, 1, gpus(4));
  world.wait(7, 1, gpus(1));
  const WhyAnswer answer = why_in(world, 7);
  EXPECT_EQ(answer.reason,
            "there is room, but it would delay job 6, which is to start by about 14:16 UTC");
  ASSERT_FALSE(answer.suggestions.empty());
  EXPECT_EQ(answer.suggestions[0].change, "set a time limit of 30m00s");
}

TEST(Why, LooksAheadThroughAllWhoGoFirst) {
  SmallWorld world;
  world.node("a", 1, 16);
  world.hold(5, world.part(0, {0}, {0}), minutes(1));
  world.wait(6, 3, gpus(1)).time = minutes(10);
  world.wait(7, 1, gpus(1));
  world.wait(8, 1, cpus(1)).after = {JobId{6}};
  EXPECT_EQ(why_in(world, 7).expected, world.snapshot.now + minutes(31));
  EXPECT_EQ(why_in(world, 8).expected, world.snapshot.now + minutes(31));
  EXPECT_EQ(why_in(world, 8).reason, "it starts after job 6 has ended well");
}

TEST(Why, SaysThatEnoughIsFreeButScattered) {
  SmallWorld world;
  world.node("a", 2, 16);
  world.node("b", 2, 16);
  world.hold(5, world.part(0, {0}, {0}));
  world.hold(6, world.part(1, {0}, {0}));
  world.wait(7, 1, gpus(2));
  EXPECT_EQ(why_in(world, 7).reason,
            "2 gpus wanted and 2 free, but scattered: not enough in one place for each task");
}

TEST(Why, NamesNodesAndDevicesThatAreAway) {
  SmallWorld world;
  world.node("a", 2, 16);
  world.nodes().devices[1].present = false;
  world.wait(7, 1, gpus(2));
  world.wait(8, 1, cpus(16));
  EXPECT_EQ(why_in(world, 7).reason,
            "device a:1 was here and is not found now, and there are too few others");
  world.nodes().up = false;
  EXPECT_EQ(why_in(world, 8).reason, "node a is down, and the others are not enough");
}

TEST(Why, CountsSharesInPartsOfADevice) {
  SmallWorld world;
  world.node("a", 1, 16);
  world.hold(5, world.part(0, {0}, {0}, Share{700}));
  world.wait(7, 1, share(500));
  EXPECT_EQ(why_in(world, 7).reason,
            "0.5 gpu wanted, 0.3 free; job 5 holds 0.7 and has no time limit");
}

TEST(Why, SaysOfWhatCanNeverBeWhatThereIs) {
  SmallWorld world;
  world.node("a", 8, 16);
  world.wait(7, 1, gpus(9));
  EXPECT_EQ(why_in(world, 7).reason, "a task wants 9 GPUs, and this machine has 8 GPUs");
}

}  // namespace
}  // namespace gangline
