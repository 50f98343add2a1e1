#include "engine/slurm/site/node_use.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

const std::vector<SlurmPartition> partitions{{"main", true, true, hours(8)}, {"long"}};

PlacedNode use_of(const std::string& rest) {
  const auto uses = read_slurm_node_use("NodeName=n1 CPUTot=16 RealMemory=16000 " + rest,
                                        partitions, Time{seconds(5).us});
  EXPECT_EQ(uses.size(), 1u);
  return uses.empty() ? PlacedNode{} : uses.begin()->second;
}

TEST(slurm_node_use, tells_what_all_hold_by_model_and_by_number) {
  const PlacedNode use = use_of(
      "CPUAlloc=3 AllocMem=1000 Gres=gpu:h100:4(S:0-1),gpu:a100:2 GresDrain=N/A "
      "GresUsed=gpu:h100:3(IDX:0-1,3),gpu:a100:0(IDX:N/A) State=MIXED Partitions=main,other");
  EXPECT_EQ(use.state, "mixed");
  EXPECT_EQ(use.cpus_held, whole_cpus(3));
  EXPECT_EQ(use.memory_held, mebibytes(1000));
  EXPECT_EQ(use.devices, (std::vector<DevicesHeld>{{"h100", 4, 3}, {"a100", 2, 0}}));
  EXPECT_EQ(use.devices_held, (std::vector<std::uint32_t>{0, 1, 3}));
  EXPECT_EQ(use.partitions, (std::vector<PartitionView>{{"main", true, true, hours(8)}}));
  EXPECT_EQ(use.at, Time{seconds(5).us});
}

TEST(slurm_node_use, counts_gpus_where_it_is_not_told_which_are_held) {
  const PlacedNode use = use_of("Gres=gpu:4 AllocTRES=cpu=1,mem=1G,gres/gpu=2 State=MIXED");
  EXPECT_EQ(use.devices, (std::vector<DevicesHeld>{{"", 4, 2}}));
  EXPECT_TRUE(use.devices_held.empty());
}

TEST(slurm_node_use, says_states_in_plain_words) {
  EXPECT_EQ(use_of("State=IDLE").state, "idle");
  EXPECT_EQ(use_of("State=ALLOCATED").state, "full");
  EXPECT_EQ(use_of("State=IDLE+RESERVED").state, "idle, reserved");
  EXPECT_EQ(use_of("State=IDLE+COMPLETING").state, "idle, jobs are ending");
  EXPECT_EQ(use_of("State=IDLE+DRAIN Reason=bad fan [root@2026-11-27T09:42:03]").state,
            "drained: bad fan (root, 2026-11-27 09:42 UTC)");
  EXPECT_EQ(use_of("State=DOWN*").state, "down, not answering");
}

TEST(slurm_node_use, is_not_misled_by_nonsense) {
  const PlacedNode use = use_of(
      "CPUAlloc=-1 AllocMem=x Gres=gpu:2 GresUsed=gpu:99999999999(IDX:0-99999999,7-2,x) State=");
  EXPECT_EQ(use.devices, (std::vector<DevicesHeld>{{"", 2, 2}}));
  EXPECT_TRUE(use.devices_held.empty());
  EXPECT_TRUE(read_slurm_node_use("NodeName=\n===\n", partitions, Time{0}).empty());
}

}  // namespace
}  // namespace gangline
