#include <gtest/gtest.h>

#include "schedule/make_plan.h"
#include "schedule/small_world.h"

namespace gangline {
namespace {

/// Eight GPUs; the first queue may hold four, of which job 5 holds two.
struct LimitedWorld : SmallWorld {
  LimitedWorld() {
    snapshot.queues.front().limit.devices = 4;
    snapshot.queues.emplace_back().name = "free";
    node("a", 8, 16);
    hold(5, part(0, {0, 1}, {0}), minutes(10));
  }
};

TEST(Limits, WhyNamesTheLimitItsHoldersTheExpectedStartAndASmallerRequest) {
  LimitedWorld world;
  world.wait(7, 1, gpus(3)).time = minutes(1);
  const WhyAnswer answer = why(world.snapshot, *find_policy("easy"), {7});
  EXPECT_EQ(answer.reason,
            "3 devices wanted, and of the 4 that queue normal may hold at once 2 are held or "
            "promised; job 5 holds 2");
  EXPECT_EQ(answer.expected, world.snapshot.now + minutes(10));
  ASSERT_FALSE(answer.suggestions.empty());
  EXPECT_EQ(answer.suggestions[0].change, "ask for 2 gpus instead of 3");
}

TEST(Limits, AJobWithAlternativesCountsWithTheMostOfThemUntilItHasStarted) {
  LimitedWorld world;
  ResourceRequest either = gpus(1);
  either.alternatives.push_back(gpus(3).alternatives[0]);
  world.wait(7, 1, either);
  Plan plan = world.plan("easy");
  EXPECT_TRUE(plan.starts.empty());
  EXPECT_EQ(std::get<OverQuota>(plan.waits.at(0).blocker).wanted, 3'000u);
  world.snapshot.holders.clear();
  world.hold(6, world.part(0, {0}, {0}));
  plan = world.plan("easy");
  ASSERT_EQ(plan.starts.size(), 1u);
  EXPECT_EQ(plan.starts[0].allocation->alternative, 0u);
}

TEST(Limits, APromiseIsGivenUpWhereTheLimitWasLowered) {
  LimitedWorld world;
  world.wait(7, 1, gpus(3)).time = minutes(1);
  world.snapshot.promises.push_back({{{7}, 0}, world.snapshot.now + minutes(5)});
  const Plan plan = world.plan("easy");
  ASSERT_EQ(plan.given_up.size(), 1u);
  EXPECT_EQ(plan.given_up[0].cause, "the limit of queue normal was lowered");
}

TEST(Limits, APromisedStartTakesItsPartOfTheLimitAtOnce) {
  LimitedWorld world;
  for (std::uint32_t other = 8; other < 13; ++other)
    world.hold(other, world.part(0, {other - 6}, {other - 6}), minutes(5)).queue = 1;
  world.wait(7, 1, gpus(2)).time = minutes(1);  // one GPU is free
  WaitingGroup& small = world.wait(9, 1, gpus(1));
  small.submitted = small.submitted + seconds(1);
  small.time = minutes(1);
  const Plan plan = world.plan("easy");
  ASSERT_EQ(plan.promises.size(), 1u);
  EXPECT_EQ(plan.promises[0].gang.job, JobId{7});
  EXPECT_TRUE(plan.starts.empty()) << "it would end in time, but its queue has no more";
  const auto wait = plan.waits.at(1);
  EXPECT_EQ(wait.job, JobId{9});
  EXPECT_TRUE(std::holds_alternative<OverQuota>(wait.blocker));
}

/// Eight GPUs; user 1, anna, may run two gangs at once. Job 28 is of another, and nobody limits it.
struct WorldOfAnna : SmallWorld {
  WorldOfAnna() {
    HouseRule rule;
    rule.user = 1;
    rule.gangs = 2;
    rule.says = "anna may run 2 gangs at once";
    snapshot.rules = std::make_shared<const HouseRules>(HouseRules{rule});
    node("a", 8, 16);
    hold(28, part(0, {0}, {0}));
  }
  void annas(std::uint64_t job, std::uint32_t device, Span left = never - Time{}) {
    hold(job, part(0, {device}, {device}), left).user = 1;
  }
  WhyAnswer why_7(std::uint32_t devices = 1) {
    wait(7, 1, gpus(devices)).user = 1;
    return why(snapshot, *find_policy("easy"), {7});
  }
};

TEST(Limits, WhereTheOwnLimitHoldsAJobItsOwnGangsAreNamedAsWhatNobodyKnowsTheEndOf) {
  WorldOfAnna world;
  world.annas(5, 1);
  world.annas(6, 2);
  const WhyAnswer answer = world.why_7();
  EXPECT_EQ(answer.reason,
            "1 gang wanted, and anna may run 2 gangs at once, of which 2 are held or promised; job "
            "5 holds 1, job 6 holds 1");
  EXPECT_FALSE(answer.expected);
  EXPECT_EQ(answer.expected_because,
            "anna may run 2 gangs at once, and jobs 5 and 6 have no time limit, so nobody knows "
            "when enough of them end");
}

TEST(Limits, WhereTheOwnLimitHoldsAJobTheEndOfOneOfItsOwnGangsIsTheExpectedStart) {
  WorldOfAnna world;
  world.annas(5, 1);
  world.annas(6, 2, minutes(3));
  EXPECT_EQ(world.why_7().expected, world.snapshot.now + minutes(3));
}

TEST(Limits, WhoGoesFirstBelowTheSameLimitLeavesItAsWhatDecides) {
  WorldOfAnna world;
  world.annas(5, 1);
  world.annas(6, 2);
  world.snapshot.holders.back().expected_end = world.snapshot.now + minutes(1);
  WaitingGroup& first = world.wait(3, 1, gpus(1));
  first.user = 1;
  first.submitted = first.submitted - seconds(10);
  EXPECT_EQ(world.why_7().expected_because,
            "anna may run 2 gangs at once, and jobs 5 and 3 have no time limit, so nobody knows "
            "when enough of them end")
      << "when job 6 has ended, job 3 has its place";
}

TEST(Limits, ManyWhoComeAndGoBesideDoNotHideALimitThatStaysFull) {
  WorldOfAnna world;
  world.annas(5, 1);
  world.annas(6, 2);
  world.wait(9, 5'000, gpus(1)).time = minutes(1);
  EXPECT_EQ(world.why_7().expected_because,
            "anna may run 2 gangs at once, and jobs 5 and 6 have no time limit, so nobody knows "
            "when enough of them end");
}

TEST(Limits, OfManyWhoHoldALimitAFewAreNamedAndTheOthersCounted) {
  SmallWorld world;
  world.snapshot.queues.front().limit.devices = 12;
  world.node("a", 16, 16);
  for (std::uint32_t job = 20; job < 32; ++job)
    world.hold(job, world.part(0, {job - 20}, {job - 20}));
  world.wait(7, 1, gpus(1));
  const WhyAnswer answer = why(world.snapshot, *find_policy("easy"), {7});
  EXPECT_EQ(answer.reason,
            "1 device wanted, and of the 12 that queue normal may hold at once 12 are held or "
            "promised; job 20 holds 1, job 21 holds 1, job 22 holds 1, and 9 more");
  EXPECT_EQ(answer.expected_because,
            "queue normal may hold 12 devices at once, and jobs 20, 21, 22 and 9 more have no time "
            "limit, so nobody knows when enough of them end");
}

TEST(Limits, WhomALimitIsKeptForIsNamed) {
  LimitedWorld world;
  for (std::uint32_t other = 8; other < 13; ++other)
    world.hold(other, world.part(0, {other - 6}, {other - 6}), minutes(5)).queue = 1;
  world.wait(7, 1, gpus(2)).time = minutes(1);  // one GPU is free
  WaitingGroup& small = world.wait(9, 1, gpus(1));
  small.submitted = small.submitted + seconds(1);
  EXPECT_EQ(why(world.snapshot, *find_policy("easy"), {9}).reason,
            "1 device wanted, and of the 4 that queue normal may hold at once 4 are held or "
            "promised; job 5 holds 2; 2 kept for job 7");
  world.snapshot.holders.front().queue = 1;
  world.snapshot.queues.front().limit.devices = 2;
  EXPECT_EQ(why(world.snapshot, *find_policy("easy"), {9}).reason,
            "1 device wanted, and of the 2 that queue normal may hold at once 2 are held or "
            "promised; 2 kept for job 7");
}

TEST(Limits, WhoHoldsWhatIsWantedIsNamedAndNotWhoeverRuns) {
  SmallWorld world;
  world.node("a", 1, 16);
  world.node("b", 0, 16);
  world.hold(4, world.part(1, {}, {0}));
  world.hold(5, world.part(0, {0}, {0}));
  world.wait(7, 1, gpus(1));
  EXPECT_EQ(why(world.snapshot, *find_policy("easy"), {7}).expected_because,
            "job 5 has no time limit, so nobody knows when it ends");
}

}  // namespace
}  // namespace gangline
