#include "control/other_users.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

using Notes = std::vector<std::string>;

/// A node with a whole GPU and a GPU of which device 2 is a slice.
Cluster cluster() {
  Node node;
  node.devices.resize(3);
  node.devices[2].parent = 1;
  return {{node}};
}
Allocation holding(std::vector<std::uint32_t> devices) {
  TaskPlace task;
  for (const std::uint32_t device : devices) task.devices.push_back({device, {}});
  return {0, {NodePart{NodeId{0}, {task}}}};
}

TEST(OtherUsers, a_gang_is_told_of_those_on_its_own_devices_only) {
  const std::vector<ForeignUse> foreign{{{{0}, 0}, "pid 4242 (python3) of eve"}};
  EXPECT_EQ(notes_of_other_users(holding({0}), foreign, cluster()),
            Notes{"device 0 is also used by pid 4242 (python3) of eve, outside Gangline; nothing "
                  "was stopped"});
  EXPECT_EQ(notes_of_other_users(holding({1}), foreign, cluster()), Notes{});
}

TEST(OtherUsers, who_uses_the_gpu_uses_its_slices_but_a_slice_is_not_the_gpu) {
  EXPECT_EQ(
      notes_of_other_users(holding({2}), std::vector<ForeignUse>{{{{0}, 1}, "eve"}}, cluster())
          .size(),
      1u);
  EXPECT_EQ(
      notes_of_other_users(holding({1}), std::vector<ForeignUse>{{{{0}, 2}, "eve"}}, cluster()),
      Notes{});
}

TEST(OtherUsers, a_device_is_told_once_and_nobody_is_no_user) {
  const std::vector<ForeignUse> foreign{{{{0}, 0}, "eve"}, {{{0}, 1}, ""}};
  EXPECT_EQ(notes_of_other_users(holding({0, 0, 1}), foreign, cluster()).size(), 1u);
}

}  // namespace
}  // namespace gangline
