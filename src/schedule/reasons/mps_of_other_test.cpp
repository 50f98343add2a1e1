#include <gtest/gtest.h>

#include "schedule/small_world.h"

namespace gangline {
namespace {

constexpr std::uint32_t anna = 1, bert = 2;

/// GPUs on one node. Job 7 of anna has half of the first, with MPS.
struct SharedByMps : SmallWorld {
  explicit SharedByMps(std::uint32_t gpu_count, Span left = minutes(10)) {
    node("a", gpu_count, 16);
    hold_half(7, 0, anna, left);
    snapshot.people = std::make_shared<const std::vector<std::string>>(
        std::vector<std::string>{"root", "anna", "bert"});
  }
  void hold_half(std::uint64_t job, std::uint32_t device, std::uint32_t user, Span left) {
    Holder& holder = hold(job, part(0, {device}, {device}, Share{500}), left);
    holder.user = user;
    holder.mps = true;
  }
  WaitingGroup& wait_for_some(std::uint64_t job, std::uint32_t user, std::int32_t of_it = 500) {
    WaitingGroup& group = wait(job, 1, share(of_it));
    group.user = user;
    group.mps = true;
    group.submitted = group.submitted + seconds(static_cast<std::int64_t>(job));
    return group;
  }
  WhyAnswer why_of(std::uint64_t job) const { return why(snapshot, *find_policy("easy"), {job}); }
};

TEST(MpsOfOthers, IsInTheWayOfThoseWithMpsAloneAndSaysWhomItServesUntilWhen) {
  SharedByMps world(1);
  world.wait_for_some(8, bert);
  const Plan plan = world.plan("easy");
  EXPECT_TRUE(plan.starts.empty());
  ASSERT_EQ(plan.promises.size(), 1u) << "a promise as for any other wait";
  EXPECT_EQ(plan.promises[0].start, world.snapshot.now + minutes(10));
  const WhyAnswer answer = world.why_of(8);
  EXPECT_EQ(answer.reason,
            "MPS serves one person of a GPU at a time: device a:0 serves anna until job 7 ends, "
            "about 13:56 UTC");
  EXPECT_EQ(answer.expected, world.snapshot.now + minutes(10));
  ASSERT_EQ(answer.suggestions.size(), 1u);
  EXPECT_EQ(answer.suggestions[0].change,
            "leave mps out: its programs then take turns with those of others");
}

TEST(MpsOfOthers, LeavesThoseWithoutAndHerOwnTheRest) {
  SharedByMps of_bert(1), of_anna(1), elsewhere(2);
  of_bert.wait_for_some(8, bert).mps = false;
  EXPECT_EQ(of_bert.plan("easy").starts.size(), 1u);
  of_anna.wait_for_some(8, anna);
  EXPECT_EQ(of_anna.plan("easy").starts.size(), 1u);
  elsewhere.wait_for_some(8, bert);
  const Plan plan = elsewhere.plan("easy");
  ASSERT_EQ(plan.starts.size(), 1u);
  EXPECT_EQ(plan.starts[0].allocation->parts[0].tasks[0].devices[0].device, 1u);
}

TEST(MpsOfOthers, OnePlanStartsMpsOfOnePersonAlone) {
  SharedByMps world(1);
  world.snapshot.holders.clear();
  world.wait_for_some(8, anna);
  world.wait_for_some(9, bert);
  world.wait_for_some(10, anna);
  const Plan plan = world.plan("greedy");
  ASSERT_EQ(plan.starts.size(), 2u);
  EXPECT_EQ(plan.starts[0].job, JobId{8});
  EXPECT_EQ(plan.starts[1].job, JobId{10});
}

TEST(MpsOfOthers, WhoHasItDoesNotKeepItOnceAnotherIsFirst) {
  SharedByMps world(1);
  world.wait_for_some(8, bert);
  world.wait_for_some(9, anna, 250);                     // would run past the promise
  world.wait_for_some(10, anna, 250).time = minutes(5);  // ends before it
  const Plan plan = world.plan("easy");
  ASSERT_EQ(plan.starts.size(), 1u);
  EXPECT_EQ(plan.starts[0].job, JobId{10});
  EXPECT_EQ(world.why_of(9).reason,
            "there is room, but it would delay job 8, which is to start by about 13:56 UTC");
}

TEST(MpsOfOthers, WithoutATimeLimitNobodyKnowsWhenAndStillNobodyPasses) {
  SharedByMps world(1, never - Time{});
  world.wait_for_some(8, bert);
  world.wait_for_some(9, anna).time = minutes(5);
  EXPECT_TRUE(world.plan("easy").starts.empty());
  const WhyAnswer answer = world.why_of(8);
  EXPECT_EQ(answer.reason,
            "MPS serves one person of a GPU at a time: device a:0 serves anna until job 7 ends, "
            "and nobody knows when that is");
  EXPECT_EQ(answer.expected_because, "job 7 has no time limit, so nobody knows when it ends");
}

TEST(MpsOfOthers, OfSeveralGpusTheFirstToBeFreeIsNamedWithAllWhoShareIt) {
  SharedByMps world(3);
  world.hold_half(5, 1, anna, minutes(2));
  Holder& small = world.hold(6, world.part(0, {1}, {5}, Share{100}), minutes(4));
  small.user = anna;
  small.mps = true;
  world.hold(4, world.part(0, {2}, {2}), minutes(1));
  world.wait(8, 1, share(400)).mps = true;
  EXPECT_EQ(world.why_of(8).reason,
            "MPS serves one person of a GPU at a time: device a:1 serves anna until jobs 5 and 6 "
            "end, about 13:50 UTC; so does 1 more with room");
  EXPECT_EQ(world.why_of(8).expected, world.snapshot.now + minutes(1)) << "the third, whole";
}

TEST(MpsOfOthers, AreNotTakenForRoomToComeWhereTheyStillServeThen) {
  SharedByMps world(2);
  Holder& long_one = world.hold(9, world.part(0, {0}, {5}, Share{400}), minutes(30));
  long_one.user = anna;
  long_one.mps = true;
  world.hold(5, world.part(0, {1}, {1}), minutes(20));
  world.wait_for_some(8, bert);
  const WhyAnswer answer = world.why_of(8);
  EXPECT_EQ(answer.reason,
            "0.5 gpu wanted, 0.1 free; job 7 holds 0.5, job 5 holds 1, job 9 holds 0.4");
  EXPECT_EQ(answer.expected, world.snapshot.now + minutes(20));
}

TEST(MpsOfOthers, WhoIsAskedToLeaveHasItUntilTheyHaveLeft) {
  SharedByMps world(1);
  world.snapshot.holders.back().stopping = true;
  WaitingGroup waited;
  waited.job = {7};
  waited.request = std::make_shared<const ResourceRequest>(share(500));
  waited.user = anna;
  waited.mps = true;
  world.snapshot.holders.back().waited = std::make_shared<const WaitingGroup>(waited);
  world.wait_for_some(8, bert).priority = 5;
  EXPECT_TRUE(world.plan("urgent").starts.empty());
  world.snapshot.holders.clear();
  EXPECT_EQ(world.plan("urgent").starts.size(), 1u);
}

}  // namespace
}  // namespace gangline
