#include "schedule/rate/expected_use.h"

#include <gtest/gtest.h>

#include "schedule/rate/fragmentation.h"
#include "schedule/rate/node_values.h"
#include "schedule/small_world.h"

namespace gangline {
namespace {

UsualTask usual(std::uint32_t cpus, std::uint32_t devices, std::int32_t share, double part) {
  return {whole_cpus(cpus), devices, Share{share}, "", part};
}

class OnOneNode : public testing::Test {
 protected:
  OnOneNode() { world_.node("a", 2, 8); }

  double use(const std::vector<UsualTask>& tasks, std::uint32_t cpus,
             const std::vector<std::int32_t>& free) const {
    const Kinds kinds(world_.cluster, {});
    return ExpectedUse(kinds, tasks).of(0, cpus * 1000, free);
  }

  SmallWorld world_;
};

TEST_F(OnOneNode, ADeviceIsFilledByWhatUsuallyComes) {
  const std::vector<UsualTask> tasks{usual(0, 1, 600, 0.5), usual(0, 1, 300, 0.5)};
  EXPECT_DOUBLE_EQ(use(tasks, 0, {299, 0}), 0);
  EXPECT_DOUBLE_EQ(use(tasks, 0, {300, 0}), 300);
  EXPECT_DOUBLE_EQ(use(tasks, 0, {600, 0}), 600);  // one of 600, or two of 300
  // Of 1,000 either first leaves room for 300 once, or for either again.
  EXPECT_DOUBLE_EQ(use(tasks, 0, {1000, 0}), 900);
  EXPECT_DOUBLE_EQ(use(tasks, 0, {1000, 1000}), 1800);
}

TEST_F(OnOneNode, WhatLeavesAHoleCountsByHowOftenItComes) {
  // 700 leaves 300 that nobody wants; two of 500 leave nothing; after one of 500 there comes
  // another.
  const std::vector<UsualTask> tasks{usual(0, 1, 700, 0.25), usual(0, 1, 500, 0.75)};
  EXPECT_DOUBLE_EQ(use(tasks, 0, {1000, 0}), 0.25 * 700 + 0.75 * 1000);
}

TEST_F(OnOneNode, CpusEndTheUseOfDevices) {
  const std::vector<UsualTask> tasks{usual(2, 1, 1000, 0.5), usual(8, 1, 1000, 0.5)};
  EXPECT_DOUBLE_EQ(use(tasks, 16, {1000, 1000}), 2000);
  EXPECT_DOUBLE_EQ(use(tasks, 8, {1000, 1000}), 0.5 * 2000 + 0.5 * 1000);
  EXPECT_DOUBLE_EQ(use(tasks, 0, {1000, 1000}), 0);
}

TEST_F(OnOneNode, TasksThatCannotUseItsDevicesDoNotCount) {
  std::vector<UsualTask> tasks{usual(0, 1, 1000, 0.5), usual(0, 1, 400, 0.25),
                               usual(4, 0, 1000, 0.25)};
  tasks[1].model = "A100";
  EXPECT_DOUBLE_EQ(use(tasks, 8, {1000, 400}), 0.5 * 1000);
}

TEST_F(OnOneNode, WhatIsOverTheBrimCountsAsNothing) {
  EXPECT_DOUBLE_EQ(use({usual(0, 1, 500, 1)}, 0, {-500, 1000}), 1000);
  EXPECT_DOUBLE_EQ(use({}, 8, {1000, 1000}), 0);
}

TEST_F(OnOneNode, ADeviceThatIsGivenInSlicesCountsByThese) {
  Device& parent = world_.nodes().devices[0];
  parent.allottable = false;
  Device slice = parent;
  slice.allottable = true;
  slice.parent = 0;
  world_.nodes().devices.push_back(slice);
  EXPECT_DOUBLE_EQ(use({usual(0, 1, 1000, 1)}, 0, {1000, 1000, 1000}), 2000);
}

TEST(NodeValues, AreTheSameForDevicesInAnyOrderAndAreAskedForOnce) {
  int asked = 0;
  NodeValues values(
      [&](std::uint32_t kind, std::uint32_t cpus, std::span<const std::int32_t> free) {
        ++asked;
        EXPECT_EQ(free[0], 700);
        return kind + cpus + 0.5 * free[1];
      });
  EXPECT_DOUBLE_EQ(values.of(1, 2, std::vector<std::int32_t>{300, 700}), 153);
  EXPECT_DOUBLE_EQ(values.of(1, 2, std::vector<std::int32_t>{700, 300}), 153);
  EXPECT_EQ(asked, 1);
  EXPECT_DOUBLE_EQ(values.of(2, 2, std::vector<std::int32_t>{700, 300}), 154);
  EXPECT_EQ(asked, 2);
}

TEST(PlaceGang, GangsOfSeveralTasksGoNearEachOther) {
  SmallWorld world;
  for (const char* name : {"a", "b", "c"}) world.node(name, 4, 16);
  world.hold(1, SmallWorld::part(0, {0, 1}, {0, 1}));
  world.wait(2, 1, gpus(1, 4));
  world.snapshot.usual =
      std::make_shared<const std::vector<UsualTask>>(std::vector<UsualTask>{usual(1, 1, 1000, 1)});
  const Plan plan = world.plan("gang");
  ASSERT_EQ(plan.starts.size(), 1u);
  EXPECT_EQ(plan.starts[0].allocation->parts.size(), 1u);
  EXPECT_EQ(*plan.starts[0].allocation, *world.plan("easy").starts.at(0).allocation);
}

}  // namespace
}  // namespace gangline
