#include "schedule/reserve/place_reservation.h"

#include <gtest/gtest.h>

#include <set>

#include "schedule/make_plan.h"

namespace gangline {
namespace {

Time at(std::int64_t second) { return Time{seconds(second).us}; }

class OnFourGpus : public testing::Test {
 protected:
  OnFourGpus() {
    auto cluster = std::make_shared<Cluster>();
    Node& node = cluster->nodes.emplace_back();
    node.name = "a";
    node.cpus = CpuSet::first(16);
    node.devices.resize(4);
    world_.cluster = cluster;
    world_.queues = {Queue{}};
    world_.now = at(0);
  }
  static ResourceRequest gpus(std::uint32_t count) {
    ResourceRequest request;
    request.alternatives[0].devices = DeviceRequest{};
    request.alternatives[0].devices->count = count;
    return request;
  }
  void hold(std::uint32_t device, Time until) {
    TaskPlace place{0, {{device}}, CpuSet::of({device}), {}, {}};
    world_.holders.push_back({{device + 1},
                              0,
                              1,
                              std::make_shared<const Allocation>(Allocation{0, {{{0}, {place}}}}),
                              at(0),
                              until});
  }
  Result<Allocation> place(std::uint32_t count, std::int64_t from, std::int64_t until) {
    return place_reservation(world_, *find_policy("easy"), gpus(count), at(from), at(until));
  }

  Snapshot world_;
};

TEST_F(OnFourGpus, WhatEndsBeforeCountsAsFreeAndWhatHasNoEndDoesNot) {
  hold(0, at(100));
  hold(1, never);
  EXPECT_TRUE(place(2, 0, 50));
  EXPECT_FALSE(place(3, 50, 150));
  EXPECT_TRUE(place(3, 100, 150));
  EXPECT_FALSE(place(4, 100, 150));
  EXPECT_FALSE(place(5, 100, 150)) << "there never are so many";
}

TEST_F(OnFourGpus, WhatIsSetAsideForAnybodyIsNotSetAsideTwice) {
  const auto first = place(3, 100, 200);
  ASSERT_TRUE(first);
  world_.set_aside = std::make_shared<const SetAsides>(
      SetAsides{{at(100), at(200), 0u, std::make_shared<const Allocation>(*first), "one"}});
  EXPECT_FALSE(place(2, 150, 250));
  EXPECT_TRUE(place(1, 150, 250));
  EXPECT_TRUE(place(4, 200, 250));
}

TEST_F(OnFourGpus, WhoHasNoLimitMayBeWhereItIsSparedAlsoBehindOneWhoWouldNotHaveEnded) {
  const auto aside = place(4, 100, 200);
  ASSERT_TRUE(aside);
  world_.set_aside = std::make_shared<const SetAsides>(SetAsides{
      {at(100), never, {}, std::make_shared<const Allocation>(*aside), "the end of a", true}});
  const auto request = std::make_shared<const ResourceRequest>(gpus(1));
  const auto wait = [&](std::uint64_t job, std::optional<Span> time) {
    WaitingGroup group;
    group.job = {job};
    group.request = request;
    group.time = time;
    world_.waiting.push_back(group);
  };
  wait(1, seconds(101));
  wait(2, std::nullopt);
  for (const char* policy : {"easy", "gang", "greedy"}) {
    const Plan plan = make_plan(world_, *find_policy(policy));
    ASSERT_EQ(plan.starts.size(), 1u) << policy;
    EXPECT_EQ(plan.starts[0].job, JobId{2}) << policy;
  }
}

TEST_F(OnFourGpus, OthersStartThereOnlyIfTheyEndBeforeAndItsUserWhenever) {
  const auto aside = place(4, 100, 200);
  ASSERT_TRUE(aside);
  world_.set_aside = std::make_shared<const SetAsides>(
      SetAsides{{at(100), at(200), 1u, std::make_shared<const Allocation>(*aside), "that of eve"}});
  const auto wait = [&](std::uint64_t job, std::uint32_t user, std::optional<Span> time) {
    WaitingGroup group;
    group.job = {job};
    group.request = std::make_shared<const ResourceRequest>(gpus(1));
    group.user = user;
    group.time = time;
    world_.waiting.push_back(group);
  };
  wait(1, 0, seconds(100));
  wait(2, 0, seconds(101));
  wait(3, 0, std::nullopt);
  wait(4, 1, std::nullopt);
  const Plan plan = make_plan(world_, *find_policy("greedy"));
  ASSERT_EQ(plan.starts.size(), 2u);
  EXPECT_EQ(plan.starts[0].job, JobId{1});
  EXPECT_EQ(plan.starts[1].job, JobId{4});
  ASSERT_EQ(plan.waits.size(), 2u);
  EXPECT_EQ(explain(plan.waits[0].blocker, world_),
            "there is room, but it would reach into that of eve");
  EXPECT_EQ(explain(plan.waits[1].blocker, world_),
            "there is room, but it would reach into that of eve; it has no time limit: with one "
            "(--time) it may start earlier");
  EXPECT_EQ(why(world_, *find_policy("greedy"), {2}).expected, at(200));

  world_.now = at(150);
  const Plan later = make_plan(world_, *find_policy("greedy"));
  const auto third = std::find_if(later.waits.begin(), later.waits.end(),
                                  [](const Wait& one) { return one.job == JobId{3}; });
  ASSERT_NE(third, later.waits.end());
  EXPECT_EQ(explain(third->blocker, world_), "there is room, but it would reach into that of eve")
      << "no time limit is short enough for what has begun";
}

TEST_F(OnFourGpus, WhoReservedDevicesGetsTheseAndLeavesTheOthersFree) {
  const auto others = place(2, 0, 200);
  ASSERT_TRUE(others);
  // Those that are chosen by themselves are not the reserved ones.
  Allocation reserved = *others;
  reserved.parts[0].tasks[0].devices = {{2}, {3}};
  world_.set_aside = std::make_shared<const SetAsides>(
      SetAsides{{at(0), at(200), 1u, std::make_shared<const Allocation>(reserved), "that of eve"}});
  const auto wait = [&](std::uint64_t job, std::uint32_t user, std::uint32_t count) {
    WaitingGroup group;
    group.job = {job};
    group.request = std::make_shared<const ResourceRequest>(gpus(count));
    group.user = user;
    world_.waiting.push_back(group);
  };
  const auto devices_of = [](const Start& start) {
    std::set<std::uint32_t> devices;
    for (const DeviceShare& share : start.allocation->parts[0].tasks[0].devices)
      devices.insert(share.device);
    return devices;
  };
  wait(1, 1, 1);
  wait(2, 1, 1);
  wait(3, 1, 1);
  const Plan one_by_one = make_plan(world_, *find_policy("easy"));
  ASSERT_EQ(one_by_one.starts.size(), 3u);
  EXPECT_GE(*devices_of(one_by_one.starts[0]).begin(), 2u);
  EXPECT_GE(*devices_of(one_by_one.starts[1]).begin(), 2u);
  EXPECT_LT(*devices_of(one_by_one.starts[2]).begin(), 2u) << "theirs are used up";

  world_.waiting.clear();
  wait(4, 1, 2);
  wait(5, 0, 2);
  const Plan both = make_plan(world_, *find_policy("easy"));
  ASSERT_EQ(both.starts.size(), 2u) << "the others' devices stayed free";
  EXPECT_EQ(devices_of(both.starts[0]), (std::set<std::uint32_t>{2, 3}));
  EXPECT_EQ(devices_of(both.starts[1]), (std::set<std::uint32_t>{0, 1}));

  world_.waiting.clear();
  wait(6, 1, 3);
  EXPECT_EQ(make_plan(world_, *find_policy("easy")).starts.size(), 1u) << "more than is reserved";

  world_.now = at(200);
  world_.waiting.clear();
  wait(7, 1, 2);
  const Plan later = make_plan(world_, *find_policy("easy"));
  ASSERT_EQ(later.starts.size(), 1u);
  EXPECT_EQ(devices_of(later.starts[0]), (std::set<std::uint32_t>{0, 1})) << "it is over";
}

TEST_F(OnFourGpus, OfTwoReservationsInTheWayTheOneIsNamedAtWhoseEndThereIsRoom) {
  const auto aside = [](std::uint32_t device, std::int64_t from, std::int64_t until,
                        const char* says) {
    TaskPlace place{0, {{device}, {device + 1}}, {}, {}, {}};
    return SetAside{at(from), at(until), 1u,
                    std::make_shared<const Allocation>(Allocation{0, {{{0}, {place}}}}), says};
  };
  const auto told = [&](std::uint32_t count, std::optional<Span> time) {
    world_.waiting.clear();
    WaitingGroup group;
    group.job = {1};
    group.request = std::make_shared<const ResourceRequest>(gpus(count));
    group.time = time;
    world_.waiting.push_back(group);
    return why(world_, *find_policy("easy"), {1});
  };
  const std::string reaches = "there is room, but it would reach into ";
  world_.set_aside = std::make_shared<const SetAsides>(
      SetAsides{aside(0, 100, 500, "the long"), aside(2, 200, 300, "the short")});
  EXPECT_EQ(told(1, seconds(250)).reason, reaches + "the short") << "that one of the two suffices";
  EXPECT_EQ(told(1, seconds(250)).expected, at(300));
  EXPECT_EQ(told(3, seconds(250)).reason, reaches + "the long") << "that ends last, and is needed";
  EXPECT_EQ(told(3, seconds(250)).expected, at(500));
  EXPECT_EQ(told(3, seconds(150)).reason, reaches + "the long") << "the only one";

  world_.set_aside = std::make_shared<const SetAsides>(
      SetAsides{aside(0, 0, 500, "what has begun"), aside(2, 200, 600, "what comes")});
  EXPECT_EQ(told(4, std::nullopt).reason, reaches + "what comes")
      << "with a time limit it would not start before that either";
  EXPECT_EQ(
      told(1, std::nullopt).reason,
      reaches + "what has begun; it has no time limit: with one (--time) it may start earlier");
}

}  // namespace
}  // namespace gangline
