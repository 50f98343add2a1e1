#include "schedule/make_plan.h"

#include <gtest/gtest.h>

#include "schedule/forecast.h"
#include "schedule/small_world.h"

namespace gangline {
namespace {

TEST(MakePlan, StartsAGangOnTheCpusThatAreFree) {
  SmallWorld world;
  world.node("a", 0, 2);
  world.wait(1, 1, cpus(1));
  const Plan plan = world.plan("fifo");
  ASSERT_EQ(plan.starts.size(), 1u);
  EXPECT_EQ(plan.starts[0].allocation->parts[0].tasks[0].cpus, CpuSet::of({0}));
  EXPECT_TRUE(plan.waits.empty());
}

TEST(MakePlan, StartsAsManyGangsOfASweepAsFitAndLetsTheRestWaitAsOne) {
  SmallWorld world;
  world.node("a", 0, 2);
  world.wait(1, 10'000, cpus(1));
  const Plan plan = world.plan("easy");
  EXPECT_EQ(plan.starts.size(), 2u);
  ASSERT_EQ(plan.waits.size(), 1u);
  EXPECT_EQ(plan.waits[0].first, 2u);
  EXPECT_EQ(plan.waits[0].count, 9'998u);
}

TEST(MakePlan, LetsAnotherQueuesPriorityGoFirst) {
  SmallWorld world;
  world.node("a", 0, 1);
  world.snapshot.queues.push_back({"urgent", 10, false});
  world.wait(1, 1, cpus(1));
  world.wait(2, 1, cpus(1)).queue = 1;
  const Plan plan = world.plan("fifo");
  ASSERT_EQ(plan.starts.size(), 1u);
  EXPECT_EQ(plan.starts[0].job, JobId{2});
}

TEST(MakePlan, KeepsAPromiseOnDevicesToAvoidThoughANodeWithOthersCameBack) {
  SmallWorld world;
  world.node("a", 1, 1);
  world.node("b", 1, 1);
  const Allocation promised = SmallWorld::part(0, {0}, {0});
  world.hold(1, promised, minutes(10));
  world.hold(2, SmallWorld::part(1, {0}, {0}), hours(10));
  world.wait(3, 1, gpus(1)).avoid = {DeviceId{{0}, 0}};
  world.snapshot.promises.push_back(
      {{{3}, 0}, world.snapshot.now + minutes(10), std::make_shared<const Allocation>(promised)});
  EXPECT_TRUE(world.plan("easy").given_up.empty());
  world.snapshot.now = world.snapshot.now + minutes(10);
  world.snapshot.holders.erase(world.snapshot.holders.begin());
  const Plan due = world.plan("easy");
  ASSERT_EQ(due.starts.size(), 1u);
  EXPECT_EQ(*due.starts[0].allocation, promised);
}

TEST(MakePlan, KeepsAPromiseOnDevicesOfAVendorOfWhichTheNodeHasMostNoMore) {
  SmallWorld world;
  Node& node = world.node("a", 4, 4);
  node.devices[2].vendor = node.devices[3].vendor = "amd";
  const Allocation promised = SmallWorld::part(0, {2, 3}, {2});
  world.hold(1, SmallWorld::part(0, {0}, {0}), hours(10));
  world.hold(2, promised, minutes(10));
  world.wait(3, 1, gpus(2));
  // Made while device 1 was away, so that there were more of amd; it has come back.
  const Time due = world.snapshot.now + minutes(10);
  world.snapshot.promises.push_back({{{3}, 0}, due, std::make_shared<const Allocation>(promised)});
  const Plan before = world.plan("easy");
  EXPECT_TRUE(before.given_up.empty());
  EXPECT_EQ(before.waits.at(0).expected, due);
  world.snapshot.now = due;
  world.snapshot.holders.pop_back();
  const Plan then = world.plan("easy");
  ASSERT_EQ(then.starts.size(), 1u);
  EXPECT_EQ(*then.starts[0].allocation, promised);
}

TEST(MakePlan, StartsNothingOnDevicesOfTwoVendorsThatWerePromised) {
  SmallWorld world;
  Node& node = world.node("a", 4, 4);
  node.devices[2].vendor = node.devices[3].vendor = "amd";
  world.hold(1, SmallWorld::part(0, {0}, {0}), hours(10));
  world.wait(3, 1, gpus(2));
  // Devices have other numbers than when it was made.
  world.snapshot.promises.push_back(
      {{{3}, 0},
       world.snapshot.now,
       std::make_shared<const Allocation>(SmallWorld::part(0, {1, 2}, {2}))});
  EXPECT_TRUE(world.plan("easy").starts.empty());
}

TEST(MakePlan, LetsNobodyOvertakeUnderFifo) {
  SmallWorld world;
  world.node("a", 0, 4);
  world.hold(1, world.part(0, {}, {0, 1}));
  world.wait(2, 1, cpus(4));
  world.wait(3, 1, cpus(1));
  const Plan plan = world.plan("fifo");
  EXPECT_TRUE(plan.starts.empty());
  ASSERT_EQ(plan.waits.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<AllTaken>(plan.waits[0].blocker));
  EXPECT_EQ(std::get<BehindOther>(plan.waits[1].blocker).other, JobId{2});
}

TEST(MakePlan, LetsAJobThatWaitsForAnotherStandInNobodysWay) {
  SmallWorld world;
  world.node("a", 0, 1);
  world.wait(2, 1, cpus(1)).after = {JobId{9}};
  world.wait(3, 1, cpus(1));
  const Plan plan = world.plan("fifo");
  ASSERT_EQ(plan.starts.size(), 1u);
  EXPECT_EQ(plan.starts[0].job, JobId{3});
  EXPECT_TRUE(std::holds_alternative<WaitsForJobs>(plan.waits[0].blocker));
}

TEST(MakePlan, KeepsRoomForTheFirstEvenWhenNobodyKnowsWhenItCanStart) {
  SmallWorld world;
  world.node("a", 0, 4);
  world.hold(1, world.part(0, {}, {0, 1}));
  world.wait(2, 1, cpus(3));
  world.wait(3, 1, cpus(1));
  world.wait(4, 1, cpus(1));
  const Plan plan = world.plan("easy");
  // One of the two free CPUs is not needed for job 2 once job 1 ends; the other is kept.
  ASSERT_EQ(plan.starts.size(), 1u);
  EXPECT_EQ(plan.starts[0].job, JobId{3});
  ASSERT_EQ(plan.waits.size(), 2u);
  const auto& kept = std::get<PromisedToOther>(plan.waits[1].blocker);
  EXPECT_EQ(kept.other, JobId{2});
  EXPECT_EQ(kept.start, never);
}

TEST(MakePlan, PromisesTheFirstItsStartAndLetsOnlyThoseOvertakeWhoEndBeforeIt) {
  SmallWorld world;
  world.node("a", 4, 8);
  world.hold(1, world.part(0, {0, 1}, {0, 1}), seconds(100));
  world.wait(2, 1, gpus(4));
  world.wait(3, 1, gpus(2)).time = seconds(200);
  const Plan without = world.plan("easy");
  EXPECT_TRUE(without.starts.empty());
  EXPECT_EQ(std::get<PromisedToOther>(without.waits[1].blocker).other, JobId{2});
  world.wait(4, 1, gpus(2)).time = seconds(100);
  const Plan plan = world.plan("easy");
  ASSERT_EQ(plan.promises.size(), 1u);
  EXPECT_EQ(plan.promises[0].gang, (GangId{{2}, 0}));
  EXPECT_EQ(plan.promises[0].start, world.snapshot.now + seconds(100));
  ASSERT_EQ(plan.starts.size(), 1u);
  EXPECT_EQ(plan.starts[0].job, JobId{4});
  // There is no room any more, so it is not said that there is some.
  EXPECT_EQ(std::get<AllTaken>(plan.waits[1].blocker).free, 0u);
}

TEST(MakePlan, KeepsAPromiseAgainstAMoreUrgentJobThatCameLater) {
  SmallWorld world;
  world.node("a", 4, 8);
  world.hold(1, world.part(0, {0, 1}, {0, 1}), seconds(100));
  world.wait(2, 1, gpus(4)).time = seconds(50);
  world.snapshot.promises.push_back({{{2}, 0}, world.snapshot.now + seconds(100)});
  world.wait(3, 1, gpus(2)).priority = 100;
  const Plan plan = world.plan("easy");
  EXPECT_TRUE(plan.starts.empty());
  EXPECT_TRUE(plan.given_up.empty());
}

TEST(MakePlan, GivesAPromiseUpOnlyWithItsCause) {
  SmallWorld world;
  world.node("a", 4, 8);
  world.hold(1, world.part(0, {0, 1}, {0, 1}), seconds(100));
  world.wait(2, 1, gpus(4));
  world.snapshot.promises.push_back({{{2}, 0}, world.snapshot.now + seconds(100)});
  world.snapshot.promises.push_back({{{7}, 0}, world.snapshot.now + seconds(100)});
  world.nodes().devices[3].present = false;
  const Plan plan = world.plan("easy");
  ASSERT_EQ(plan.given_up.size(), 2u);
  EXPECT_EQ(plan.given_up[1].cause, "device a:3 is not found now");
  EXPECT_EQ(plan.given_up[0].cause, "job 7 no longer waits");
}

TEST(MakePlan, KeepsThePromiseOfOneWhoseHolderOverstaysAndLetsNobodyMakeItWorse) {
  SmallWorld world;
  world.node("a", 4, 8);
  world.hold(1, world.part(0, {0, 1}, {0, 1}), seconds(-5));
  world.wait(2, 1, gpus(4));
  world.snapshot.promises.push_back({{{2}, 0}, world.snapshot.now - seconds(5)});
  world.wait(3, 1, gpus(2)).time = milliseconds(10);
  const Plan plan = world.plan("easy");
  EXPECT_TRUE(plan.starts.empty());
  EXPECT_TRUE(plan.given_up.empty());
}

TEST(MakePlan, LetsGangsTakeTurnsWhereThereAreMoreOfThemThanRoom) {
  SmallWorld world;
  world.node("a", 0, 2);
  world.wait(1, 10'000, cpus(1)).turns = 64;
  const Plan plan = world.plan("easy");
  ASSERT_EQ(plan.starts.size(), 2u);
  EXPECT_EQ(plan.starts[0].count, 64u);
  EXPECT_EQ(plan.starts[1].first, 64u);
  EXPECT_EQ(plan.starts[1].count, 64u);
  EXPECT_EQ(plan.waits[0].first, 128u);
}

TEST(MakePlan, SharesTheLastGangsEvenlyOverAllAllocationsOfTheJob) {
  SmallWorld world;
  world.node("a", 0, 4);
  world.hold(1, world.part(0, {}, {0}));
  world.hold(1, world.part(0, {}, {1}));
  world.wait(1, 8, cpus(1)).turns = 64;
  world.snapshot.waiting[0].first = 100;
  const Plan plan = world.plan("easy");
  ASSERT_EQ(plan.starts.size(), 2u);
  EXPECT_EQ(plan.starts[0].count, 1u);
  EXPECT_EQ(plan.starts[1].count, 1u);
}

TEST(MakePlan, LetsNobodyTakeTurnsWhileOneThatGoesFirstWaits) {
  SmallWorld world;
  world.node("a", 0, 4);
  world.hold(9, world.part(0, {}, {0}));
  world.wait(1, 1, cpus(4));
  world.wait(2, 100, gpus(0)).turns = 64;
  world.snapshot.waiting[1].time = seconds(1);
  for (const Start& start : world.plan("easy").starts) EXPECT_EQ(start.count, 1u);
}

TEST(MakePlan, CountsTheTurnsIntoTheExpectedEnd) {
  SmallWorld world;
  world.node("a", 0, 1);
  world.wait(1, 100, cpus(1)).turns = 10;
  world.snapshot.waiting[0].time = seconds(3);
  world.wait(2, 1, cpus(1));
  const Plan plan = world.plan("easy");
  ASSERT_EQ(plan.starts.size(), 1u);
  EXPECT_EQ(plan.starts[0].count, 10u);
  EXPECT_EQ(plan.waits[0].expected, world.snapshot.now + seconds(30));
}

TEST(MakePlan, TakesTheFirstAlternativeThatFits) {
  SmallWorld world;
  world.node("a", 2, 8);
  world.hold(1, world.part(0, {0}, {0}));
  ResourceRequest request = gpus(2);
  request.alternatives.push_back(gpus(1).alternatives[0]);
  request.alternatives.push_back(cpus(4).alternatives[0]);
  world.wait(2, 1, request);
  const Plan plan = world.plan("easy");
  ASSERT_EQ(plan.starts.size(), 1u);
  EXPECT_EQ(plan.starts[0].allocation->alternative, 1u);
}

TEST(MakePlan, LeavesADeviceAloneThatSomebodyOutsideUsesUnlessTheQueueMayUseIt) {
  SmallWorld world;
  world.node("a", 1, 2);
  world.snapshot.foreign.push_back({{{0}, 0}, "pid 4242 (python3) of eve"});
  world.wait(1, 1, gpus(1));
  const Plan plan = world.plan("easy");
  ASSERT_EQ(plan.waits.size(), 1u);
  EXPECT_EQ(explain(plan.waits[0].blocker, world.snapshot),
            "device a:0 is in use by somebody outside Gangline: pid 4242 (python3) of eve");
  world.snapshot.queues[0].allow_foreign = true;
  EXPECT_EQ(world.plan("easy").starts.size(), 1u);
}

TEST(MakePlan, LeavesADeviceAloneThatAnotherServiceAllottedWhateverTheQueueMayUse) {
  SmallWorld world;
  world.node("a", 2, 2);
  world.snapshot.foreign.push_back({{{0}, 0}, "a job of the Gangline service of anna", true});
  world.snapshot.queues[0].allow_foreign = true;
  world.wait(1, 1, gpus(1));
  world.wait(2, 1, gpus(1));
  const Plan plan = world.plan("easy");
  ASSERT_EQ(plan.starts.size(), 1u);
  EXPECT_EQ(plan.starts[0].allocation->parts[0].tasks[0].devices[0].device, 1u);
  ASSERT_EQ(plan.waits.size(), 1u);
  const std::string reason = explain(plan.waits[0].blocker, world.snapshot);
  EXPECT_NE(reason.find("a:0 is in use by a job of the Gangline service of anna"),
            std::string::npos)
      << reason;
}

TEST(MakePlan, NamesWhoFromOutsideHoldsADeviceAlsoWhereJobsHoldTheOthers) {
  SmallWorld world;
  world.node("a", 2, 4);
  world.snapshot.foreign.push_back({{{0}, 1}, "pid 4242 (python3) of eve"});
  world.hold(2, world.part(0, {0}, {0}));
  world.wait(1, 1, gpus(1));
  const Plan plan = world.plan("easy");
  ASSERT_EQ(plan.waits.size(), 1u);
  const std::string reason = explain(plan.waits[0].blocker, world.snapshot);
  EXPECT_NE(reason.find("job 2 holds 1"), std::string::npos) << reason;
  EXPECT_NE(reason.find("a:1 is in use by somebody outside Gangline: pid 4242"), std::string::npos)
      << reason;
}

TEST(MakePlan, SaysThatOthersLeaveForOneBehindItWhatIsEnoughForItAsWell) {
  SmallWorld world;
  world.node("a", 4, 8);
  world.hold(1, world.part(0, {0, 1}, {0}), seconds(100));
  Holder& leaves = world.hold(2, world.part(0, {2, 3}, {1}), seconds(90));
  WaitingGroup waited;
  waited.job = {2};
  waited.request = std::make_shared<const ResourceRequest>(gpus(2));
  leaves.waited = std::make_shared<const WaitingGroup>(waited);
  world.wait(3, 1, gpus(4)).priority = 3;  // is promised what both leave
  // Too late for that, were it to start when job 2 has taken its time to leave.
  WaitingGroup& late = world.wait(4, 1, gpus(1));
  late.priority = 2;
  late.time = seconds(80);
  WaitingGroup& soon = world.wait(5, 1, gpus(1));
  soon.priority = 1;
  soon.time = seconds(10);
  const Plan plan = world.plan("urgent");
  ASSERT_EQ(plan.stops.size(), 1u);
  EXPECT_EQ(plan.stops[0].by, JobId{5});
  ASSERT_EQ(plan.waits.size(), 3u);
  EXPECT_EQ(
      explain(plan.waits[1].blocker, world.snapshot),
      "job 2 was asked to make room for others, and what it leaves may be enough for this one "
      "as well");
  EXPECT_EQ(explain(plan.waits[2].blocker, world.snapshot),
            "job 2 was asked to make room for it and those like it");
}

TEST(MakePlan, TakesADeviceOfAnEarlierAttemptOnlyWhereTheClusterHasNoOther) {
  SmallWorld world;
  world.node("a", 2, 8);
  world.wait(1, 1, gpus(1)).avoid = {{{0}, 0}};
  EXPECT_EQ(world.plan("easy").starts[0].allocation->parts[0].tasks[0].devices[0].device, 1u);
  world.hold(2, world.part(0, {1}, {0}));
  EXPECT_TRUE(world.plan("easy").starts.empty());
  world.snapshot.waiting[0].avoid = {{{0}, 0}, {{0}, 1}};
  EXPECT_EQ(world.plan("easy").starts[0].allocation->parts[0].tasks[0].devices[0].device, 0u);
}

ResourceRequest rated(std::uint32_t first, std::uint32_t second) {
  ResourceRequest request = gpus(1);
  request.alternatives.push_back(request.alternatives[0]);
  request.alternatives[0].devices->model = "A100";
  request.alternatives[0].rate = first;
  request.alternatives[1].rate = second;
  request.alternatives[1].devices->model = "H100";
  return request;
}

TEST(MakePlan, TheAlternativeThatEndsFirstIsTakenAndHeldForNoLonger) {
  SmallWorld world;
  world.node("a", 1, 16).devices[0].model = "NVIDIA A100";
  world.node("h", 1, 16);
  world.wait(1, 1, rated(1'500, 3'000)).time = minutes(30);
  world.wait(2, 1, rated(1'500, 3'000)).time = minutes(30);
  world.wait(3, 1, gpus(2)).time = minutes(1);
  world.node("b", 2, 16);
  world.hold(9, world.part(2, {0, 1}, {0}), minutes(15));
  const Plan plan = world.plan("easy");
  ASSERT_EQ(plan.starts.size(), 2u);
  EXPECT_EQ(plan.starts[0].allocation->alternative, 1u);
  EXPECT_EQ(plan.starts[1].allocation->alternative, 0u);
  Snapshot after = world.snapshot;
  carry_out(plan, after);
  EXPECT_EQ(after.holders[1].expected_end, world.snapshot.now + minutes(10));
  EXPECT_EQ(after.holders[2].expected_end, world.snapshot.now + minutes(20));
}

}  // namespace
}  // namespace gangline
