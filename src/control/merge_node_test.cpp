#include "control/merge_node.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

Device gpu(const std::string& uid) {
  Device device;
  device.uid = uid;
  return device;
}

TEST(MergeNode, ADeviceKeepsItsNumberWhenAnotherVanishesAndLinksFollow) {
  Node known;
  known.devices = {gpu("A"), gpu("B"), gpu("C")};
  Node found;
  found.devices = {gpu("C"), gpu("A"), gpu("D")};
  found.devices[2].parent = 0;
  found.links = {{0, 1, LinkKind::nvlink, 4}};
  found.ports.resize(1);
  found.ports[0].near = {0, 2};
  const Node merged = merge_node(known, found);
  ASSERT_EQ(merged.devices.size(), 4u);
  EXPECT_EQ(merged.devices[1].uid, "B");
  EXPECT_FALSE(merged.devices[1].present);
  EXPECT_TRUE(merged.devices[2].present);
  EXPECT_EQ(merged.devices[3].uid, "D");
  EXPECT_EQ(*merged.devices[3].parent, 2u);
  EXPECT_EQ(merged.links[0].a, 0u);
  EXPECT_EQ(merged.links[0].b, 2u);
  EXPECT_EQ(merged.ports[0].near, (std::vector<std::uint32_t>{2, 3}));
}

}  // namespace
}  // namespace gangline
