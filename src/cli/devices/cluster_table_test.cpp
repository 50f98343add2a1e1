#include "cli/devices/cluster_table.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gangline {
namespace {

std::string shown(const std::vector<NodeView>& nodes) {
  CommandWorld around;
  std::string said;
  around.out = [&](const std::string& text) { said += text; };
  around.now = [] { return Time{0}; };
  Output out(around, Form::people);
  print_cluster(nodes, out);
  return said;
}

/// `held(i)`: how many of the 8 GPUs of node i are held.
template <class Held>
std::vector<NodeView> a_cluster_of(std::uint32_t count, Held held) {
  std::vector<NodeView> nodes(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    nodes[i].node.name = "n" + std::to_string(1000 + i);
    nodes[i].node.counted = whole_cpus(64);
    PlacedNode placed;
    placed.state = held(i) > 0 ? "mixed" : "idle";
    placed.partitions = {{"main", true, true, {}}};
    placed.cpus_held = whole_cpus(i % 50);
    placed.devices = {{"h100", 8, held(i)}};
    if (held(i) == 0) placed.cpus_held = {};
    nodes[i].placed = placed;
  }
  return nodes;
}

TEST(cluster_table, a_thousand_nodes_that_are_alike_are_a_line) {
  const std::string text = shown(a_cluster_of(1000, [](auto) { return 0u; }));
  EXPECT_NE(text.find("n[1000-1999]  1000, each"), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5) << text;
}

TEST(cluster_table, a_thousand_nodes_in_mixed_use_are_added_up) {
  const std::string text = shown(a_cluster_of(1000, [](auto i) { return i < 500 ? 3u : 0u; }));
  EXPECT_NE(text.find("2500 of 4000 h100"), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 6) << text;
}

}  // namespace
}  // namespace gangline
