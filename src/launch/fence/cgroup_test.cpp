#include "launch/fence/cgroup.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "launch/fence/fake_root.h"
#include "launch/fence/leaf_group.h"
#include "os/file.h"

namespace gangline {
namespace {

NodePart part_with_memory(Bytes memory) {
  return {NodeId{0}, {TaskPlace{0, {}, CpuSet::of({0}), memory}}};
}

const Fence* find_fence(const RaisedFences& raised, const std::string& name) {
  for (const Fence& fence : raised.fences)
    if (fence.name == name) return &fence;
  return nullptr;
}

TEST(Cgroups, a_gang_that_asks_for_no_memory_makes_no_group_and_says_so) {
  const FakeRoot root;
  root.write("/proc/self/mountinfo",
             "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  root.write("/proc/self/cgroup", "4:memory:/mine\n");
  root.write("/sys/fs/cgroup/memory/mine/cgroup.procs", "");
  Cgroups cgroups(root.path());
  const RaisedFences raised = cgroups.raise({}, part_with_memory({0}), "1.9@e");
  EXPECT_TRUE(raised.groups.empty());
  ASSERT_NE(find_fence(raised, "cpus"), nullptr);
  EXPECT_FALSE(find_fence(raised, "cpus")->holds);
  EXPECT_EQ(find_fence(raised, "memory"), nullptr);
}

TEST(Cgroups, without_control_groups_memory_is_said_not_to_be_limited) {
  const FakeRoot root;
  Cgroups cgroups(root.path());
  const RaisedFences raised = cgroups.raise({}, part_with_memory(mebibytes(64)), "1.9@e");
  ASSERT_NE(find_fence(raised, "memory"), nullptr);
  EXPECT_FALSE(find_fence(raised, "memory")->holds);
}

TEST(Cgroups, a_group_that_may_not_be_written_is_not_claimed_as_a_fence) {
  // The tree has no memory.max: a new directory of a real one would have it.
  const FakeRoot root;
  root.write("/proc/self/mountinfo", "41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  root.write("/proc/self/cgroup", "0::/\n");
  root.write("/sys/fs/cgroup/cgroup.subtree_control", "memory cpuset\n");
  Cgroups cgroups(root.path());
  const RaisedFences raised = cgroups.raise({}, part_with_memory(mebibytes(64)), "1.9@e");
  ASSERT_NE(find_fence(raised, "memory"), nullptr);
  EXPECT_FALSE(find_fence(raised, "memory")->holds);
  EXPECT_NE(find_fence(raised, "memory")->how.find("memory.max"), std::string::npos);
}

TEST(Cgroups, version_2_is_written_where_its_files_are) {
  const FakeRoot root;
  root.write("/proc/self/mountinfo", "41 31 0:38 /user /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  root.write("/proc/self/cgroup", "0::/user/me\n");
  root.write("/sys/fs/cgroup/me/cgroup.subtree_control", "memory cpuset\n");
  const std::string group = "/sys/fs/cgroup/me/gangline-1.9@e.0";
  for (const char* file :
       {"/memory.max", "/memory.swap.max", "/memory.oom.group", "/cpuset.cpus", "/cgroup.procs"})
    root.write(group + file, "");
  Cgroups cgroups(root.path());
  RaisedFences raised = cgroups.raise({}, part_with_memory(mebibytes(64)), "1.9@e");
  Cgroups::close_doors(raised);
  EXPECT_TRUE(find_fence(raised, "memory")->holds) << find_fence(raised, "memory")->how;
  EXPECT_TRUE(find_fence(raised, "cpus")->holds) << find_fence(raised, "cpus")->how;
  EXPECT_EQ(root.read(group + "/memory.max"), "67108864");
  EXPECT_EQ(root.read(group + "/cpuset.cpus"), "0");
  EXPECT_EQ(cgroups.find_of_lane(1, "e"), raised.groups);
  root.write(group + "/memory.events", "low 0\noom 1\noom_kill 1\n");
  EXPECT_TRUE(Cgroups::out_of_memory(raised.groups[0]));
}

/// A machine of which only CPUs 0 and 1 can be used now.
CpuSet first_two(const CpuSet& wanted) { return wanted & CpuSet::first(2); }

NodePart part_with_cpus(const CpuSet& cpus, Bytes memory) {
  return {NodeId{0}, {TaskPlace{0, {}, cpus, memory}}};
}

TEST(Cgroups, a_launcher_for_all_makes_groups_beside_the_leaf_that_it_is_in) {
  const FakeRoot root;
  root.write("/proc/self/mountinfo", "35 31 0:32 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  root.write("/proc/self/cgroup", "0::/system.slice/gangline-launcher.service\n");
  const std::string unit = "/sys/fs/cgroup/system.slice/gangline-launcher.service";
  root.write("/sys/fs/cgroup/cgroup.subtree_control", "");
  root.write(unit + "/gangline-leaf/cgroup.procs", "");
  ASSERT_TRUE(enter_leaf_group(root.path()).ok());
  EXPECT_EQ(root.read(unit + "/gangline-leaf/cgroup.procs"), std::to_string(::getpid()));

  root.write("/proc/self/cgroup", "0::/system.slice/gangline-launcher.service/gangline-leaf\n");
  root.write(unit + "/cgroup.subtree_control", "memory cpuset\n");
  const std::string group = unit + "/gangline-1.9@e.0";
  for (const char* file :
       {"memory.max", "memory.swap.max", "memory.oom.group", "cpuset.cpus", "cgroup.procs"})
    root.write(group + "/" + file, "");
  Cgroups cgroups(root.path());
  RaisedFences raised = cgroups.raise({}, part_with_memory(mebibytes(64)), "1.9@e");
  EXPECT_TRUE(find_fence(raised, "memory")->holds);
  EXPECT_EQ(root.read(group + "/memory.max"), std::to_string(mebibytes(64).n));
  Cgroups::close_doors(raised);
}

TEST(Cgroups, a_launcher_for_all_that_no_unit_is_for_has_a_group_at_the_top) {
  const FakeRoot root;
  root.write("/proc/self/mountinfo", "35 31 0:32 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  root.write("/proc/self/cgroup", "0::/user.slice/session-3.scope\n");
  root.write("/sys/fs/cgroup/gangline/gangline-leaf/cgroup.procs", "");
  ASSERT_TRUE(enter_leaf_group(root.path()).ok());
  EXPECT_EQ(root.read("/sys/fs/cgroup/gangline/gangline-leaf/cgroup.procs"),
            std::to_string(::getpid()));
}

TEST(Cgroups, a_task_none_of_whose_cpus_can_be_used_is_not_bound_and_that_is_said) {
  const FakeRoot root;
  Cgroups cgroups(root.path(), first_two);
  const RaisedFences raised = cgroups.raise({}, part_with_cpus(CpuSet::of({4, 5}), {}), "1.9@e");
  EXPECT_TRUE(raised.cpus.at(0).empty());
  EXPECT_EQ(
      *find_fence(raised, "cpus"),
      (Fence{"cpus", false,
             "not bound; CPU 4-5 cannot be used now: offline, or not in this user's cpuset"}));
}

TEST(Cgroups, a_task_is_bound_to_those_of_its_cpus_that_can_be_used_and_that_is_said) {
  const FakeRoot root;
  Cgroups cgroups(root.path(), first_two);
  const RaisedFences raised = cgroups.raise({}, part_with_cpus(CpuSet::of({1, 4}), {}), "1.9@e");
  EXPECT_EQ(raised.cpus.at(0), CpuSet::of({1}));
  EXPECT_EQ(find_fence(raised, "cpus")->how,
            "bound to the others; CPU 4 cannot be used now: offline, or not in this user's cpuset");
}

TEST(Cgroups, where_binding_is_forbidden_no_task_is_said_to_be_bound) {
  const FakeRoot root;
  Cgroups cgroups(root.path(), first_two, "this system forbids it");
  const RaisedFences raised = cgroups.raise({}, part_with_cpus(CpuSet::of({1}), {}), "1.9@e");
  EXPECT_EQ(*find_fence(raised, "cpus"),
            (Fence{"cpus", false, "not bound; this system forbids it"}));
  EXPECT_EQ(why_none_is_bound(), "") << "here it is allowed";
}

TEST(Cgroups, cpus_that_this_machine_does_not_have_cannot_be_used) {
  EXPECT_EQ(usable_cpus(CpuSet::of({CpuSet::most_cpus - 1})), CpuSet{});
  EXPECT_EQ(usable_cpus(CpuSet::of({0, CpuSet::most_cpus - 1})), usable_cpus(CpuSet::of({0})));
}

/// Version 1 with controllers apart, whose groups have the files that are named.
std::string write_version_1(const FakeRoot& root, const std::vector<std::string>& files) {
  root.write("/proc/self/mountinfo",
             "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
             "36 31 0:33 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n");
  root.write("/proc/self/cgroup", "4:memory:/\n3:cpuset:/\n");
  root.write("/sys/fs/cgroup/cpuset/cpuset.mems", "0\n");
  for (const std::string& file : files) root.write("/sys/fs/cgroup/" + file, "");
  return root.path() + "/sys/fs/cgroup/";
}

TEST(Cgroups, a_cpuset_of_version_1_without_cpus_is_not_entered_and_the_memory_limit_stays) {
  const FakeRoot root;
  const std::string groups = write_version_1(
      root,
      {"memory/gangline-1.9@e.0/memory.limit_in_bytes", "memory/gangline-1.9@e.0/cgroup.procs",
       "cpuset/gangline-1.9@e.0/cpuset.mems", "cpuset/gangline-1.9@e.0/cgroup.procs"});
  Cgroups cgroups(root.path());
  RaisedFences raised = cgroups.raise({}, part_with_memory(mebibytes(64)), "1.9@e");
  EXPECT_EQ(raised.doors.at(0).size(), 1u);
  EXPECT_EQ(raised.groups.at(0), std::vector<std::string>{groups + "memory/gangline-1.9@e.0"});
  EXPECT_TRUE(find_fence(raised, "memory")->holds) << find_fence(raised, "memory")->how;
  EXPECT_FALSE(find_fence(raised, "cpus")->holds);
  EXPECT_NE(find_fence(raised, "cpus")->how.find("cpuset.cpus"), std::string::npos);
  Cgroups::close_doors(raised);
}

TEST(Cgroups, a_group_that_could_not_be_set_up_is_removed) {
  const FakeRoot root;
  const std::string groups = write_version_1(root, {});
  Cgroups cgroups(root.path());
  const RaisedFences raised = cgroups.raise({}, part_with_memory(mebibytes(64)), "1.9@e");
  EXPECT_TRUE(raised.groups.at(0).empty());
  EXPECT_FALSE(std::filesystem::exists(groups + "memory/gangline-1.9@e.0"));
  EXPECT_FALSE(std::filesystem::exists(groups + "cpuset/gangline-1.9@e.0"));
}

TEST(Cgroups, a_cpuset_of_version_2_that_fails_does_not_lose_the_memory_limit) {
  const FakeRoot root;
  root.write("/proc/self/mountinfo", "41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  root.write("/proc/self/cgroup", "0::/\n");
  root.write("/sys/fs/cgroup/cgroup.subtree_control", "memory cpuset\n");
  const std::string group = "/sys/fs/cgroup/gangline-1.9@e.0";
  for (const char* file : {"/memory.max", "/cgroup.procs"}) root.write(group + file, "");
  Cgroups cgroups(root.path());
  RaisedFences raised = cgroups.raise({}, part_with_memory(mebibytes(64)), "1.9@e");
  EXPECT_EQ(raised.doors.at(0).size(), 1u);
  EXPECT_TRUE(find_fence(raised, "memory")->holds) << find_fence(raised, "memory")->how;
  EXPECT_FALSE(find_fence(raised, "cpus")->holds);
  Cgroups::close_doors(raised);
}

/// In a child: enters the groups, tries, and says with its exit code how it went.
template <class Try>
int inside(const RaisedFences& raised, Try attempt) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (const int door : raised.doors[0])
      if (::write(door, "0", 1) != 1) _exit(99);
    _exit(attempt());
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status;
}

int open_null_and_zero() {
  // Only /dev/null is allowed here.
  const bool null = ::open("/dev/null", O_RDONLY) >= 0;
  const bool zero = ::open("/dev/zero", O_RDONLY) >= 0;
  return (null ? 1 : 0) + (zero ? 2 : 0);
}

/// Two "devices", of which the task holds the first.
Node node_of_null_and_zero() {
  Node node;
  node.devices.resize(2);
  node.devices[0].files = {"/dev/null"};
  node.devices[1].files = {"/dev/zero"};
  return node;
}

TEST(Cgroups, a_device_that_was_not_allotted_cannot_be_opened) {
  Cgroups cgroups;
  const NodePart part{NodeId{0}, {TaskPlace{0, {{0, whole_device}}, CpuSet::of({0}), {}}}};
  RaisedFences raised = cgroups.raise(node_of_null_and_zero(), part, "1.9@test");
  if (!find_fence(raised, "devices")->holds)
    GTEST_SKIP() << "not permitted here: " << find_fence(raised, "devices")->how;
  const int status = inside(raised, open_null_and_zero);
  Cgroups::close_doors(raised);
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_TRUE(Cgroups::lower(raised.groups));
}

TEST(Cgroups, a_gang_that_may_use_all_devices_is_told_that_there_is_nothing_to_keep_it_from) {
  const FakeRoot root;
  root.write("/dev/null", "");
  root.write("/dev/zero", "");
  Cgroups cgroups(root.path());
  const TaskPlace all{0, {{0, whole_device}, {1, whole_device}}, CpuSet::of({0}), {}};
  const RaisedFences raised = cgroups.raise(node_of_null_and_zero(), {NodeId{0}, {all}}, "1.9@e");
  EXPECT_EQ(*find_fence(raised, "devices"),
            (Fence{"devices", true,
                   "there is nothing to keep it from: each task may use all devices of this "
                   "machine"}));
  EXPECT_FALSE(raised.devices_hidden());

  // One of two, or of two tasks that one has them: then there is.
  const TaskPlace one{0, {{0, whole_device}}, CpuSet::of({0}), {}};
  for (const auto& tasks : {std::vector<TaskPlace>{one}, std::vector<TaskPlace>{all, one}})
    EXPECT_FALSE(
        find_fence(cgroups.raise(node_of_null_and_zero(), {NodeId{0}, tasks}, "1.9@e"), "devices")
            ->holds);
}

TEST(Cgroups, who_has_all_slices_of_the_only_gpu_is_kept_from_nothing_and_who_has_one_is) {
  const FakeRoot root;
  Node node = node_of_null_and_zero();
  node.devices.push_back({});
  node.devices[0].allottable = false;
  node.devices[1].parent = node.devices[2].parent = 0;
  Cgroups cgroups(root.path());
  const auto holds = [&](const std::vector<DeviceShare>& devices) {
    const TaskPlace place{0, devices, CpuSet::of({0}), {}};
    return find_fence(cgroups.raise(node, {NodeId{0}, {place}}, "1.9@e"), "devices")->holds;
  };
  EXPECT_TRUE(holds({{1, whole_device}, {2, whole_device}}));
  EXPECT_FALSE(holds({{1, whole_device}}));
}

TEST(Cgroups, version_2_denies_a_device_by_a_program_in_the_kernel) {
  if (!std::filesystem::exists("/sys/fs/cgroup/unified/cgroup.procs"))
    GTEST_SKIP() << "no version 2 beside version 1 here";
  const FakeRoot root;
  root.write("/proc/self/mountinfo",
             "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  root.write("/proc/self/cgroup", "0::/\n");
  std::filesystem::create_directories(root.path() + "/sys/fs/cgroup");
  std::filesystem::create_symlink("/sys/fs/cgroup/unified", root.path() + "/sys/fs/cgroup/unified");
  std::filesystem::create_symlink("/dev", root.path() + "/dev");
  Cgroups cgroups(root.path());
  const NodePart part{NodeId{0}, {TaskPlace{0, {{0, whole_device}}, CpuSet::of({0}), {}}}};
  RaisedFences raised = cgroups.raise(node_of_null_and_zero(), part, "1.9@test2");
  if (!find_fence(raised, "devices")->holds)
    GTEST_SKIP() << "not permitted here: " << find_fence(raised, "devices")->how;
  const int status = inside(raised, open_null_and_zero);
  Cgroups::close_doors(raised);
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_TRUE(Cgroups::lower(raised.groups));
}

int take_memory() {
  constexpr std::size_t size = 256 << 20;
  std::vector<char> taken(size);
  for (std::size_t i = 0; i < size; i += 4096) taken[i] = 1;
  return taken[size / 2] == 1 ? 0 : 1;
}

TEST(Cgroups, a_task_over_its_memory_limit_is_ended_and_told_as_such) {
  Cgroups cgroups;
  RaisedFences raised = cgroups.raise({}, part_with_memory(mebibytes(64)), "1.9@test");
  if (!find_fence(raised, "memory")->holds)
    GTEST_SKIP() << "not permitted here: " << find_fence(raised, "memory")->how;
  const int status = inside(raised, take_memory);
  Cgroups::close_doors(raised);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(Cgroups::out_of_memory(raised.groups[0]));
  EXPECT_TRUE(Cgroups::lower(raised.groups));
}

}  // namespace
}  // namespace gangline
