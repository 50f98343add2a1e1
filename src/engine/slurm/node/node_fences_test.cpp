#include "engine/slurm/node/node_fences.h"

#include <gtest/gtest.h>

#include "launch/fence/fake_root.h"

namespace gangline {
namespace {

const TaskRequest one_gpu{DeviceRequest{}, whole_cpus(1)};

const Fence* find_fence(const std::vector<Fence>& fences, const std::string& name) {
  for (const Fence& fence : fences)
    if (fence.name == name) return &fence;
  return nullptr;
}

TEST(NodeFences, groups_of_version_1_that_slurm_made_are_said_to_hold) {
  const FakeRoot root;
  root.write("/proc/self/cgroup",
             "5:devices:/slurm_n1/uid_1/job_7/step_0/task_1\n"
             "4:memory:/slurm_n1/uid_1/job_7/step_0/task_1\n3:cpuset:/\n0::/\n");
  const std::string job = "/sys/fs/cgroup/memory/slurm_n1/uid_1/job_7";
  root.write(job + "/memory.limit_in_bytes", "209715200\n");
  root.write(job + "/step_0/task_1/memory.limit_in_bytes", "9223372036854771712\n");
  root.write(job + "/step_0/task_1/memory.oom_control",
             "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
  const auto fences = slurm_fences(one_gpu, {}, root.path() + "/");
  EXPECT_EQ(*find_fence(fences, "devices"),
            (Fence{"devices", true, "closed by Slurm's control group (v1)"}));
  EXPECT_TRUE(find_fence(fences, "memory")->holds);
  EXPECT_FALSE(find_fence(fences, "cpus")->holds);
  EXPECT_EQ(kills_for_memory(root.path() + "/"), 2u);
}

TEST(NodeFences, without_groups_of_slurms_nothing_is_said_to_hold) {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "5:devices:/user.slice\n4:memory:/user.slice/job_7\n0::/\n");
  const auto fences = slurm_fences(one_gpu, {}, root.path() + "/");
  EXPECT_EQ(*find_fence(fences, "devices"),
            (Fence{"devices", false, "*_VISIBLE_DEVICES only; a program can ignore it"}));
  EXPECT_FALSE(find_fence(fences, "cpus")->holds);
  EXPECT_EQ(find_fence(fences, "memory"), nullptr);
  EXPECT_EQ(kills_for_memory(root.path() + "/"), 0u);
}

TEST(NodeFences, in_a_group_of_version_2_devices_are_known_to_be_closed_by_their_numbers_alone) {
  const FakeRoot root;
  root.write("/proc/self/cgroup",
             "0::/system.slice/slurmstepd.scope/job_7/step_batch/user/task_0\n");
  const std::string job = "/sys/fs/cgroup/system.slice/slurmstepd.scope/job_7";
  root.write(job + "/memory.max", "209715200\n");
  root.write(job + "/cpuset.cpus", "0-3\n");
  const auto seen = [&](const char* visible) {
    return find_fence(
               slurm_fences(one_gpu, {{"SLURM_JOB_GPUS", "2,3"}, {"CUDA_VISIBLE_DEVICES", visible}},
                            root.path() + "/"),
               "devices")
        ->holds;
  };
  EXPECT_TRUE(seen("0,1"));
  EXPECT_FALSE(seen("2,3"));
  const auto fences = slurm_fences(one_gpu, {}, root.path() + "/");
  EXPECT_TRUE(find_fence(fences, "memory")->holds);
  EXPECT_TRUE(find_fence(fences, "cpus")->holds);
}

}  // namespace
}  // namespace gangline
