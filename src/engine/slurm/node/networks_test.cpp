#include "engine/slurm/node/networks.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

using Words = std::vector<std::string>;

std::vector<NodeNetwork> networks_of(const std::string& words) {
  const auto read = networks_from("gang-networks 0 " + words);
  EXPECT_TRUE(read.has_value()) << words;
  return read ? read->second : std::vector<NodeNetwork>();
}

TEST(Networks, a_fast_network_that_all_nodes_are_in_gives_each_its_address) {
  const auto wanted = networks_of("10.78.0.1/24");
  EXPECT_EQ(addresses_in_shared(wanted,
                                {{0, networks_of("10.77.0.1/24 10.78.0.1/24")},
                                 {1, networks_of("10.78.0.2/24 10.77.0.2/24")}},
                                2),
            (Words{"10.78.0.1", "10.78.0.2"}));
}

TEST(Networks, one_that_a_node_is_not_in_is_not_taken) {
  const auto wanted = networks_of("10.78.0.1/24");
  const auto first = networks_of("10.77.0.1/24 10.78.0.1/24");
  EXPECT_EQ(addresses_in_shared(wanted, {{0, first}, {1, networks_of("10.77.0.2/24")}}, 2),
            Words{});
  EXPECT_EQ(addresses_in_shared(wanted, {{0, first}}, 2), Words{});
}

TEST(Networks, one_that_each_node_has_for_itself_is_not_taken) {
  const auto bridge = networks_of("172.17.0.1/16");
  EXPECT_EQ(addresses_in_shared(bridge, {{0, bridge}, {1, bridge}}, 2), Words{});
}

TEST(Networks, the_next_best_is_taken_where_the_best_is_not_shared) {
  const auto wanted = networks_of("10.79.0.1/24 10.78.0.1/24");
  EXPECT_EQ(addresses_in_shared(wanted, {{0, wanted}, {1, networks_of("10.78.0.9/24")}}, 2),
            (Words{"10.78.0.1", "10.78.0.9"}));
}

TEST(Networks, infiniband_is_asked_for_where_the_usual_one_is_not) {
  std::vector<NodeNetwork> here = networks_of("10.77.0.1/24 10.78.0.1/24");
  here[0].interface = "no-such-interface";
  EXPECT_TRUE(faster_than("10.77.0.1", here).empty());
  here[1].fast = true;
  ASSERT_EQ(faster_than("10.77.0.1", here).size(), 1u);
  EXPECT_EQ(faster_than("10.77.0.1", here).front().address, "10.78.0.1");
  EXPECT_TRUE(faster_than("10.78.0.1", here).empty());
  EXPECT_TRUE(faster_than("10.99.0.1", here).empty());
}

TEST(Networks, what_a_node_says_is_read_back_and_other_lines_are_none) {
  std::string line = networks_line(3, networks_of("10.77.0.1/24 10.78.0.1/16"));
  EXPECT_EQ(line, "gang-networks 3 10.77.0.1/24 10.78.0.1/16\n");
  for (const char* other : {"", "hello", "gang-networks x", "gang-networks 0 10.77.0.1",
                            "gang-networks 0 10.77.0.1/33", "gang-networks 0 x/24"})
    EXPECT_FALSE(networks_from(other).has_value()) << other;
}

TEST(Networks, this_machines_are_found_without_its_loopback) {
  for (const NodeNetwork& network : networks_here())
    EXPECT_FALSE(network.address.starts_with("127.")) << network.address;
}

}  // namespace
}  // namespace gangline
