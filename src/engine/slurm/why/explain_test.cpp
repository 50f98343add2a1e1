#include "engine/slurm/why/explain.h"

#include <gtest/gtest.h>

#include "engine/slurm/squeue.h"
#include "engine/slurm/why/holders.h"

namespace gangline {
namespace {

constexpr const char* said =
    "bert  12 RUNNING 1 2026-11-27T10:54:15 cpu=1,mem=100M,node=1,billing=1,gres/gpu=8\n"
    "bert  13 RUNNING 2 NONE cpu=2,mem=100M,node=1,billing=2,gres/gpu=4\n"
    "carl  14 RUNNING 16 2026-11-27T12:00:00 cpu=16,mem=100M,node=1,billing=16\n"
    "anna  15 PENDING 1 2026-11-27T12:56:15 cpu=1,gres/gpu=8\n"
    "a line of nonsense\n";

Node node_with(std::uint32_t gpus, bool up) {
  Node node;
  node.counted = whole_cpus(16);
  node.devices.resize(gpus);
  node.up = up;
  return node;
}

TEST(SlurmHolders, are_told_by_person_with_what_is_on_nodes_that_take_no_jobs) {
  const auto holders = read_holders(said);
  ASSERT_EQ(holders.size(), 4u);
  EXPECT_TRUE(holders[3].waits);
  const std::vector<Node> nodes{node_with(8, true), node_with(8, true), node_with(8, false)};
  const Time now = *read_slurm_time("2026-11-27T10:00:00");
  EXPECT_EQ(who_holds(holders, nodes, true, now),
            "of 24 gpus 12 are in use (bert 12) and 8 are on nodes that take no jobs; the first of "
            "these jobs ends by 2026-11-27T10:54:15Z");
  EXPECT_EQ(who_holds(holders, nodes, false, now),
            "of 48 cpus 19 are in use (carl 16, bert 3) and 16 are on nodes that take no jobs; the "
            "first of these jobs ends by 2026-11-27T10:54:15Z");
}

TEST(SlurmHolders, a_job_without_a_time_limit_has_no_end_that_is_told) {
  const auto holders = read_holders("bert 2 RUNNING 16 2027-11-27T10:00:00 cpu=16\n");
  EXPECT_EQ(
      who_holds(holders, {node_with(0, true)}, false, *read_slurm_time("2026-11-27T10:00:01")),
      "of 16 cpus 16 are in use (bert 16); none of these jobs has a time limit");
}

TEST(SlurmHolders, of_an_empty_cluster_are_nobody) {
  EXPECT_EQ(who_holds({}, {node_with(8, true)}, true, Time{0}), "");
  EXPECT_EQ(who_holds({}, {}, true, Time{0}), "");
}

TEST(SlurmLevers, are_all_numbers_that_could_be_less) {
  JobSpec spec;
  spec.resources.tasks = 8;
  TaskRequest& task = spec.resources.alternatives[0];
  task.devices = DeviceRequest{};
  task.devices->count = 4;
  task.devices->model = "H100";
  task.cpus = whole_cpus(2);
  spec.time = hours(5);
  SlurmSite site;
  site.partitions = {{"main", true}, {"short"}};
  std::vector<std::string> said_of;
  for (const Lever& lever : levers_of(spec, 0, site)) {
    JobSpec changed = spec;
    lever.set(changed, 1);
    EXPECT_NE(changed, spec) << lever.says(1);
    said_of.push_back(lever.says(1));
  }
  EXPECT_EQ(said_of, (std::vector<std::string>{"ask for 1 task instead of 8",
                                               "ask for 1 gpu instead of 4 for each task",
                                               "ask for any model of gpu instead of H100",
                                               "ask for 1 cpu instead of 2 for each task",
                                               "say --time 1m00s or less", "say --queue short"}));
}

}  // namespace
}  // namespace gangline
