#include "schedule/place/place.h"

#include <gtest/gtest.h>

#include <set>

#include "schedule/small_world.h"

namespace gangline {
namespace {

/// Node "a" with two NVLink islands of four and two NUMA nodes of 8 CPUs, cores of two threads.
SmallWorld two_islands() {
  SmallWorld world;
  Node& node = world.node("a", 8, 16);
  world.island({0, 1, 2, 3});
  world.island({4, 5, 6, 7});
  node.numa = {{0, *CpuSet::parse("0-7"), {}}, {1, *CpuSet::parse("8-15"), {}}};
  for (std::uint32_t c = 0; c < 8; ++c) node.cores.push_back(CpuSet::of({2 * c, 2 * c + 1}));
  for (std::uint32_t d = 0; d < 8; ++d) node.devices[d].numa_node = d / 4;
  return world;
}

std::optional<Allocation> place_in(const SmallWorld& world, const ResourceRequest& request) {
  const Kinds kinds(world.cluster, {});
  FreeState free(kinds);
  for (const Holder& holder : world.snapshot.holders) free.take(*holder.allocation);
  return place(want(kinds, request, 0, {}), FreeView(free));
}

std::set<std::uint32_t> devices_of(const std::optional<Allocation>& allocation) {
  std::set<std::uint32_t> devices;
  if (!allocation) return devices;
  for (const NodePart& part : allocation->parts)
    for (const TaskPlace& task : part.tasks)
      for (const DeviceShare& share : task.devices) devices.insert(share.device);
  return devices;
}

using Set = std::set<std::uint32_t>;

TEST(Place, GivesAGangOfFourTheIslandOfFourAndNotTwoAndTwo) {
  SmallWorld world = two_islands();
  world.hold(1, world.part(0, {0, 1}, {0}));
  EXPECT_EQ(devices_of(place_in(world, gpus(1, 4))), (Set{4, 5, 6, 7}));
  EXPECT_EQ(devices_of(place_in(world, gpus(4))), (Set{4, 5, 6, 7}));
}

TEST(Place, TakesOneDeviceFromTheIslandThatIsBrokenMost) {
  SmallWorld world = two_islands();
  EXPECT_EQ(devices_of(place_in(world, gpus(1))), (Set{0}));
  world.hold(1, world.part(0, {4}, {0}));
  EXPECT_EQ(devices_of(place_in(world, gpus(1))), (Set{5}));
  world.hold(1, world.part(0, {0, 1, 2}, {1}));
  EXPECT_EQ(devices_of(place_in(world, gpus(1))), (Set{3}));
}

TEST(Place, GivesEachOfFourPairsALinkedPair) {
  SmallWorld world;
  world.node("a", 8, 16);
  for (std::uint32_t d = 0; d < 4; ++d) world.island({d, d + 4});
  for (std::uint32_t job = 0; job < 4; ++job) {
    const auto allocation = place_in(world, gpus(2));
    const Set pair = devices_of(allocation);
    ASSERT_EQ(pair.size(), 2u);
    EXPECT_EQ(*pair.begin() + 4, *pair.rbegin());
    world.hold(job, *allocation);
  }
  EXPECT_FALSE(place_in(world, gpus(1)));
}

TEST(Place, KeepsTheDevicesOfEachTaskTogetherWhereTheGangDoesNotFitOneIsland) {
  SmallWorld world = two_islands();
  world.hold(1, world.part(0, {0, 4}, {0}));
  const auto allocation = place_in(world, gpus(2, 2));
  ASSERT_TRUE(allocation);
  for (const TaskPlace& task : allocation->parts[0].tasks) {
    ASSERT_EQ(task.devices.size(), 2u);
    EXPECT_EQ(link_between(world.nodes(), task.devices[0].device, task.devices[1].device),
              LinkKind::nvlink);
  }
}

TEST(Place, SpreadsATaskOverIslandsWhereNoIslandHoldsIt) {
  SmallWorld world = two_islands();
  world.hold(1, world.part(0, {0, 4}, {0}));
  EXPECT_EQ(devices_of(place_in(world, gpus(5))).size(), 5u);
  EXPECT_EQ(devices_of(place_in(world, gpus(6))).size(), 6u);
  EXPECT_FALSE(place_in(world, gpus(7)));
}

TEST(Place, PutsAShareOnADeviceThatIsSharedAlready) {
  SmallWorld world = two_islands();
  world.hold(1, world.part(0, {5}, {0}, Share{500}));
  world.hold(2, world.part(0, {6}, {1}, Share{300}));
  EXPECT_EQ(devices_of(place_in(world, share(500))), (Set{5}));
  EXPECT_EQ(devices_of(place_in(world, share(600))), (Set{6}));
  EXPECT_EQ(devices_of(place_in(world, share(800))), (Set{4}));
}

TEST(Place, PutsTheSharesOfOneGangOnOneDevice) {
  SmallWorld world = two_islands();
  world.hold(1, world.part(0, {5}, {0}, Share{500}));
  EXPECT_EQ(devices_of(place_in(world, share(500, 2))).size(), 1u);
  EXPECT_EQ(devices_of(place_in(world, share(250, 2))), (Set{5}));
}

TEST(Place, NeverGivesADeviceThatIsCutIntoSlicesButItsSlices) {
  SmallWorld world;
  Node& node = world.node("a", 4, 16);
  node.devices[0].allottable = false;
  node.devices[2].parent = 0;
  node.devices[3].parent = 0;
  EXPECT_EQ(devices_of(place_in(world, gpus(1))), (Set{2}));
  EXPECT_FALSE(place_in(world, gpus(2)));  // one program does not reach two slices
  EXPECT_EQ(devices_of(place_in(world, gpus(1, 3))), (Set{1, 2, 3}));
}

TEST(Place, GivesOneTaskSeveralPartitionsOfAmd) {
  SmallWorld world;
  Node& node = world.node("a", 4, 16);
  node.devices[0].allottable = false;
  for (const std::uint32_t part : {2u, 3u}) {
    node.devices[part].parent = 0;
    node.devices[part].vendor = "amd";
  }
  EXPECT_EQ(devices_of(place_in(world, gpus(2))), (Set{2, 3}));
  EXPECT_FALSE(place_in(world, gpus(3)));  // 1 is of another vendor
}

TEST(Place, GivesOneTaskDevicesOfOneVendorAndOfWhichThereAreMost) {
  SmallWorld world;
  Node& node = world.node("a", 5, 16);
  for (const std::uint32_t d : {0u, 2u}) node.devices[d].vendor = "amd";
  for (const std::uint32_t d : {1u, 3u, 4u}) node.devices[d].vendor = "nvidia";
  EXPECT_EQ(devices_of(place_in(world, gpus(3))), (Set{1, 3, 4}));
  EXPECT_FALSE(place_in(world, gpus(4)));
  ResourceRequest amd = gpus(2);
  amd.alternatives[0].devices->vendor = "amd";
  EXPECT_EQ(devices_of(place_in(world, amd)), (Set{0, 2}));
  EXPECT_EQ(devices_of(place_in(world, gpus(1, 5))).size(), 5u);  // each task has its own
  world.hold(1, world.part(0, {1, 3}, {0}));
  EXPECT_FALSE(place_in(world, gpus(2)));  // it waits for those of which there are most
}

TEST(Place, PutsAGangOnAsFewNodesAsCanBe) {
  SmallWorld world;
  world.node("a", 2, 16);
  world.node("b", 4, 16);
  world.node("c", 3, 16);
  const auto allocation = place_in(world, gpus(1, 6));
  ASSERT_TRUE(allocation);
  ASSERT_EQ(allocation->parts.size(), 2u);
  EXPECT_EQ(allocation->parts[0].node, NodeId{1});
  EXPECT_EQ(allocation->parts[1].node, NodeId{0});
  EXPECT_EQ(allocation->parts[1].tasks.front().rank, 4u);
}

TEST(Place, TakesCpusNearTheDevice) {
  SmallWorld world = two_islands();
  world.hold(1, world.part(0, {0, 1, 2, 3}, {0}));
  ResourceRequest request = gpus(1);
  request.alternatives[0].cpus = whole_cpus(4);
  const auto allocation = place_in(world, request);
  EXPECT_EQ(allocation->parts[0].tasks[0].cpus, CpuSet::of({8, 9, 10, 11}));
}

TEST(Place, TakesWholeCoresBeforeHalves) {
  SmallWorld world = two_islands();
  world.hold(1, world.part(0, {}, {0}));
  EXPECT_EQ(place_in(world, cpus(2))->parts[0].tasks[0].cpus, CpuSet::of({2, 3}));
  EXPECT_EQ(place_in(world, cpus(1))->parts[0].tasks[0].cpus, CpuSet::of({1}));
  EXPECT_EQ(place_in(world, cpus(3))->parts[0].tasks[0].cpus, CpuSet::of({1, 2, 3}));
}

TEST(Place, KeepsNumaNodesWholeForThoseToCome) {
  SmallWorld world = two_islands();
  world.hold(1, world.part(0, {}, {8, 9}));
  EXPECT_EQ(place_in(world, cpus(4))->parts[0].tasks[0].cpus, CpuSet::of({10, 11, 12, 13}));
  const auto gang = place_in(world, cpus(4, 2));
  EXPECT_EQ(gang->parts[0].tasks[0].cpus | gang->parts[0].tasks[1].cpus, CpuSet::first(8));
}

TEST(Place, LeavesNodesWithDevicesToThoseWhoWantDevices) {
  SmallWorld world;
  world.node("a", 4, 8);
  world.node("b", 0, 32);
  EXPECT_EQ(place_in(world, cpus(4))->parts[0].node, NodeId{1});
}

TEST(Place, CountsMemoryWhereItIsAskedFor) {
  SmallWorld world;
  world.node("a", 0, 8);
  ResourceRequest request = cpus(1, 2);
  request.alternatives[0].memory = gibibytes(32);
  const auto allocation = place_in(world, request);
  ASSERT_TRUE(allocation);
  EXPECT_EQ(allocation->parts[0].tasks[1].memory, gibibytes(32));
  world.hold(1, *allocation);
  EXPECT_TRUE(place_in(world, cpus(1)));
  request.alternatives[0].memory = mebibytes(1);
  EXPECT_FALSE(place_in(world, request));
}

TEST(Place, MatchesModelsByPartOfTheirNameInAnyCase) {
  SmallWorld world;
  world.node("a", 1, 8).devices[0].model = "NVIDIA A100-SXM4-40GB";
  world.node("b", 1, 8);
  ResourceRequest request = gpus(1);
  request.alternatives[0].devices->model = "a100";
  EXPECT_EQ(place_in(world, request)->parts[0].node, NodeId{0});
  request.alternatives[0].devices->model = "B200";
  EXPECT_FALSE(place_in(world, request));
  request = gpus(1);
  request.alternatives[0].devices->memory = gibibytes(81);
  EXPECT_FALSE(place_in(world, request));
}

}  // namespace
}  // namespace gangline
