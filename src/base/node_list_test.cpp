#include "base/node_list.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

using Names = std::vector<std::string>;

TEST(NodeList, names_in_brackets_are_each_a_node_with_their_zeros) {
  EXPECT_EQ(*expand_node_list("n[1-3,7],gpu-01"), (Names{"n1", "n2", "n3", "n7", "gpu-01"}));
  EXPECT_EQ(*expand_node_list("n[08-11]"), (Names{"n08", "n09", "n10", "n11"}));
  EXPECT_EQ(*expand_node_list("r[1-2]n[01-02]-ib"),
            (Names{"r1n01-ib", "r1n02-ib", "r2n01-ib", "r2n02-ib"}));
  EXPECT_EQ(*expand_node_list("login"), (Names{"login"}));
  EXPECT_EQ(*expand_node_list(""), (Names{}));
}

TEST(NodeList, nonsense_is_no_list_however_long_it_says_to_be) {
  for (const char* text : {"n[", "n[]", "n[1", "n[3-1]", "n[a-b]", "n[1-]", "n[1-200001]",
                           "n[1-500][1-500]", "n[0-18446744073709551615]"})
    EXPECT_FALSE(expand_node_list(text).has_value()) << text;
}

TEST(NodeList, IsWrittenAsRanges) {
  EXPECT_EQ(write_node_list({"n1", "n2", "n3", "n07", "login", "a"}), "n[1-3,07],login,a");
  EXPECT_EQ(write_node_list({"n9", "n10", "n11"}), "n[9,10-11]");
  EXPECT_EQ(write_node_list({"n1"}), "n1");
  EXPECT_EQ(write_node_list({}), "");
}

}  // namespace
}  // namespace gangline
