#include "devices/known_devices.h"

#include <gtest/gtest.h>

#include "devices/pack_node.h"

namespace gangline {
namespace {

Device device(const std::string& uid, std::optional<std::uint32_t> parent = {}) {
  Device one;
  one.uid = uid;
  one.model = "H100";
  one.parent = parent;
  return one;
}

Node node_of(std::vector<Device> devices, std::vector<Link> links = {}) {
  Node node;
  node.name = "n";
  node.devices = std::move(devices);
  node.links = std::move(links);
  return node;
}

TEST(KnownDevices, WithoutAnyKnownTheNodeStaysAsFound) {
  const Node found = node_of({device("a"), device("b")}, {{0, 1, LinkKind::nvlink, 4}});
  EXPECT_EQ(keep_places({}, found).node, found);
}

TEST(KnownDevices, ADeviceKeepsItsPlaceAndItsLinksFollowIt) {
  const Node known = node_of({device("a"), device("b"), device("c")});
  const KeptNode kept =
      keep_places(known, node_of({device("c"), device("new"), device("a"), device("slice", 2)},
                                 {{0, 2, LinkKind::nvlink, 4}, {1, 3, LinkKind::numa, 0}}));
  ASSERT_EQ(kept.node.devices.size(), 5u);
  EXPECT_EQ(kept.node.devices[0].uid, "a");
  EXPECT_EQ(kept.node.devices[1].uid, "b");
  EXPECT_FALSE(kept.node.devices[1].present);
  EXPECT_TRUE(kept.node.devices[2].present);
  EXPECT_EQ(kept.node.devices[3].uid, "new");
  EXPECT_EQ(kept.node.devices[4].parent, 0u);
  EXPECT_EQ(kept.node.links,
            (std::vector<Link>{{0, 2, LinkKind::nvlink, 4}, {3, 4, LinkKind::numa, 0}}));
  ASSERT_EQ(kept.node.notes.size(), 1u);
  EXPECT_EQ(kept.node.notes[0], "b (H100) was on this node and is no longer found");
}

TEST(KnownDevices, ASampleGoesWhereItsDeviceStands) {
  const KeptNode kept = keep_places(node_of({device("a"), device("b"), device("c")}),
                                    node_of({device("c"), device("a")}));
  NodeSample sample;
  sample.at = Time{5};
  sample.devices.resize(2);
  sample.devices[0].power = Watts{3};
  sample.devices[1].power = Watts{1};
  const NodeSample moved = keep_places(kept, sample);
  ASSERT_EQ(moved.devices.size(), 3u);
  EXPECT_EQ(moved.at, Time{5});
  EXPECT_EQ(moved.devices[0].power, Watts{1});
  EXPECT_EQ(moved.devices[1].power, std::nullopt);
  EXPECT_EQ(moved.devices[2].power, Watts{3});
}

TEST(KnownDevices, ADeviceThatComesBackIsTheSameOneAgain) {
  const Node whole = node_of({device("a"), device("b")});
  const Node without = keep_places(whole, node_of({device("b")})).node;
  EXPECT_FALSE(without.devices[0].present);
  EXPECT_EQ(keep_places(without, whole).node, whole);
}

TEST(KnownDevices, TwiceTheSameNameOrTooManyAreLeftOut) {
  const KeptNode twice = keep_places({}, node_of({device("a"), device("a")}));
  EXPECT_EQ(twice.node.devices.size(), 1u);
  EXPECT_EQ(twice.places[1], std::nullopt);
  EXPECT_EQ(twice.node.notes.size(), 1u);
  std::vector<Device> many;
  for (std::uint32_t i = 0; i < most_devices; ++i) many.push_back(device(std::to_string(i)));
  const KeptNode full = keep_places(node_of(many), node_of({device("one more")}));
  EXPECT_EQ(full.node.devices.size(), most_devices);
}

}  // namespace
}  // namespace gangline
