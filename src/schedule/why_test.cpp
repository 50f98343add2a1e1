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

TEST(Why, AWaitingGangsOwnJobIsNotNamedAsAnother) {
  SmallWorld world;
  world.node("a", 2, 4);
  world.hold(7, world.part(0, {0}, {0}));
  world.wait(7, 1, gpus(2)).first = 2;
  const WhyAnswer one = why_in(world, 7);
  EXPECT_EQ(one.reason,
            "2 gpus wanted, 1 free; another gang of this job holds 1 and has no time limit");
  EXPECT_EQ(one.expected_because,
            "this job has no time limit, so nobody knows when its other gangs end");
  world.hold(7, world.part(0, {1}, {1})).first = 1;
  EXPECT_EQ(why_in(world, 7).reason,
            "2 gpus wanted, 0 free; other gangs of this job hold 2 and have no time limit");
  world.snapshot.holders.back().job = {5};
  EXPECT_EQ(why_in(world, 7).reason,
            "2 gpus wanted, 0 free; job 5 holds 1, another gang of this job holds 1");
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

TEST(Why, OfAlternativesEachIsNamedWithWhatStandsInItsWay) {
  SmallWorld world;
  world.node("a", 2, 16).devices[1].model = "NVIDIA A100-SXM4-40GB";
  world.hold(5, world.part(0, {0}, {0}), minutes(10));
  world.hold(6, world.part(0, {1}, {1, 2, 3, 4}));
  ResourceRequest request = gpus(1);
  request.alternatives.push_back(request.alternatives[0]);
  request.alternatives[0].devices->model = "H100";
  request.alternatives[1].devices->model = "A100";
  request.alternatives.push_back(cpus(12).alternatives[0]);
  world.wait(7, 1, request);
  EXPECT_EQ(why_in(world, 7).reason,
            "1 gpu wanted, 0 free; job 5 holds 1 until about 13:56 UTC; or, for 1 gpu (A100) and 1 "
            "cpu: 1 gpu wanted, 0 free; job 6 holds 1 and has no time limit; or, for 12 cpus: 12 "
            "cpus wanted, 11 free; job 5 holds 1, job 6 holds 4; enough is expected to be free "
            "about 13:56 UTC");
  // What stands in the way of all is said once.
  world.wait(8, 1, request).after = {{7}};
  EXPECT_EQ(why_in(world, 8).reason, "it starts after job 7 has ended well");
  EXPECT_EQ(why_in(world, 7, "fifo").reason, why_in(world, 7).reason);
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
            "2 gpus wanted and 2 free, but scattered: at most 1 on one node");
}

TEST(Why, SaysHowItIsScattered) {
  SmallWorld world;
  for (const char* name : {"a", "b", "c"}) world.node(name, 4, 16);
  world.hold(5, world.part(0, {0}, {0}));
  world.hold(6, world.part(1, {0}, {0}));
  world.hold(7, world.part(2, {0, 1}, {0}));
  world.wait(8, 1, gpus(2, 4));
  EXPECT_EQ(why_in(world, 8).reason,
            "8 gpus wanted and 8 free, but scattered: there is room for 3 of 4 tasks with 2 each");
  world.snapshot.waiting.clear();
  world.wait(8, 1, gpus(4, 2));
  EXPECT_EQ(
      why_in(world, 8).reason,
      "8 gpus wanted and 8 free, but scattered: at most 3 on one node, and each task wants 4");
  world.snapshot.waiting.clear();
  world.wait(8, 1, gpus(1, 8));
  EXPECT_EQ(why_in(world, 8, "fifo_consolidate").reason,
            "there is room, but only over 3 nodes; under this policy it waits until 2 hold it");
  world.snapshot.waiting.clear();
  world.hold(9, world.part(0, {1}, {1}, Share{600}));
  world.hold(9, world.part(0, {2}, {2}, Share{600}));
  world.hold(9, world.part(0, {3}, {3}, Share{600}));
  world.nodes(1).up = false;
  world.nodes(2).up = false;
  world.wait(8, 1, share(500));
  EXPECT_EQ(why_in(world, 8).reason,
            "0.5 gpu wanted and 1.2 free, but scattered: at most 0.4 on one device");
}

TEST(Why, SaysThatCpusAndMemoryAreScattered) {
  SmallWorld world;
  for (const char* name : {"a", "b"}) world.node(name, 0, 4);
  world.hold(5, world.part(0, {}, {0, 1}));
  world.hold(6, world.part(1, {}, {0, 1}));
  world.wait(7, 1, cpus(3));
  EXPECT_EQ(why_in(world, 7).reason,
            "3 cpus wanted and 4 free, but scattered: at most 2 on one node");
  world.snapshot.waiting.clear();
  world.wait(7, 1, cpus(1)).request = [] {
    ResourceRequest request = cpus(1);
    request.alternatives[0].memory = gibibytes(65);
    return std::make_shared<const ResourceRequest>(request);
  }();
  EXPECT_EQ(why_in(world, 7).reason,
            "a task wants 65G of memory, and the largest node has 64G of memory");
}

TEST(Why, NamesWhoseStartWouldBeDelayedOfSeveralThatWerePromisedOne) {
  SmallWorld world;
  world.node("a", 2, 16);
  world.node("b", 2, 16);
  world.hold(1, world.part(0, {0, 1}, {0}), seconds(50));
  world.hold(2, world.part(1, {0}, {0}), seconds(100));
  world.wait(3, 1, gpus(2)).time = seconds(200);
  world.wait(4, 1, gpus(2)).time = seconds(10);
  world.wait(5, 1, gpus(1)).time = seconds(300);
  Policy policy = *find_policy("easy");
  policy.promises = 2;
  EXPECT_TRUE(why(world.snapshot, policy, {5})
                  .reason.starts_with("there is room, but it would delay job 4"));
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
