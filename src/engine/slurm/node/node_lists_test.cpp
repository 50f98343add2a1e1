#include "engine/slurm/node/node_lists.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

using Counts = std::vector<std::uint32_t>;

TEST(NodeLists, counts_are_written_out) {
  EXPECT_EQ(*expand_counts("2(x3),1"), (Counts{2, 2, 2, 1}));
  EXPECT_EQ(*expand_counts("4"), (Counts{4}));
  for (const char* text : {"", "2(x", "2(x3", "2(x)", "x", "1,", "1(x999999)", "2(x3)4"})
    EXPECT_FALSE(expand_counts(text).has_value()) << text;
}

TEST(NodeLists, ranges_of_numbers_are_written_out) {
  EXPECT_EQ(*expand_numbers("0-1,4"), (Counts{0, 1, 4}));
  EXPECT_EQ(*expand_numbers(""), Counts{});
  for (const char* text : {"N/A", "0-", "1-0", "99999999999"})
    EXPECT_FALSE(expand_numbers(text).has_value()) << text;
}

TEST(NodeLists, what_scontrol_says_of_gpus_is_found_for_each_node) {
  const auto found = gpus_by_node(
      "JobId=1 JobName=a Nodes Gres ReqNodeList=(null) NumNodes=4 TRES=cpu=8 JOB_GRES=gpu:h100:7   "
      "Nodes=n[1-2] CPU_IDs=0-3 Mem=2000 GRES=gpu:h100:2(IDX:2-3)   "
      "Nodes=n3 CPU_IDs=0 Mem=1 GRES=gpu:a100:1(IDX:0),gpu:h100:2(IDX:4,6),license:1   "
      "Nodes=n4 CPU_IDs=0 Mem=1 GRES= MinCPUsNode=2 TresPerTask=gres:gpu:2\n");
  EXPECT_EQ(found.at("n1"), (Counts{2, 3}));
  EXPECT_EQ(found.at("n2"), (Counts{2, 3}));
  EXPECT_EQ(found.at("n3"), (Counts{0, 4, 6}));
  EXPECT_EQ(found.size(), 3u);
  EXPECT_TRUE(gpus_by_node("").empty());
  EXPECT_TRUE(gpus_by_node("slurm_load_jobs error: Invalid job id specified").empty());
}

}  // namespace
}  // namespace gangline
