#include "engine/slurm/node/node_lists.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

using Names = std::vector<std::string>;
using Counts = std::vector<std::uint32_t>;

TEST(NodeLists, names_in_brackets_are_each_a_node_with_their_zeros) {
  EXPECT_EQ(*expand_node_list("n[1-3,7],gpu-01"), (Names{"n1", "n2", "n3", "n7", "gpu-01"}));
  EXPECT_EQ(*expand_node_list("n[08-11]"), (Names{"n08", "n09", "n10", "n11"}));
  EXPECT_EQ(*expand_node_list("r[1-2]n[01-02]-ib"),
            (Names{"r1n01-ib", "r1n02-ib", "r2n01-ib", "r2n02-ib"}));
  EXPECT_EQ(*expand_node_list("login"), (Names{"login"}));
}

TEST(NodeLists, nonsense_is_no_list_however_long_it_says_to_be) {
  for (const char* text : {"", "n[", "n[]", "n[1", "n[3-1]", "n[a-b]", "n[1-]", "a,,b", "n]", "a b",
                           "n[1-70000]", "n[1-300][1-300]", "n[0-18446744073709551615]"})
    EXPECT_FALSE(expand_node_list(text).has_value()) << text;
}

TEST(NodeLists, counts_are_written_out) {
  EXPECT_EQ(*expand_counts("2(x3),1"), (Counts{2, 2, 2, 1}));
  EXPECT_EQ(*expand_counts("4"), (Counts{4}));
  for (const char* text : {"", "2(x", "2(x3", "2(x)", "x", "1,", "1(x70000)", "2(x3)4"})
    EXPECT_FALSE(expand_counts(text).has_value()) << text;
}

TEST(NodeLists, ranges_of_numbers_are_written_out) {
  EXPECT_EQ(*expand_numbers("0-1,4"), (Counts{0, 1, 4}));
  EXPECT_EQ(*expand_numbers(""), Counts{});
  for (const char* text : {"N/A", "0-", "1-0", "99999999"})
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
