// What of a node stays the same while a plan is made, in the form in which placing wants it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/cluster.h"

namespace gangline {

/// How near devices are to each other: level 0 is one device, level 1 + k are links of LinkKind k
/// or nearer, so the last level is the whole node.
constexpr std::size_t nearness_levels = 8;

/// One physical core: `count` logical CPUs from `first` on in NodeLayout::cpus.
struct CoreSpan {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  std::uint32_t numa = 0;  ///< index of its NUMA node in Node::numa; 0 where there are none
};

struct NodeLayout {
  /// group[level][device]: devices with the same number reach each other at that level or nearer.
  std::array<std::vector<std::uint32_t>, nearness_levels> group;
  /// size[level][number]: how many devices of that group can be given away at all.
  std::array<std::vector<std::uint32_t>, nearness_levels> size;
  std::vector<std::uint32_t> cpus;  ///< logical CPUs, those of one core side by side
  std::vector<CoreSpan> cores;
  std::uint32_t numa_nodes = 1;
  std::vector<std::optional<std::uint32_t>> numa_of_device;  ///< index in Node::numa
};

NodeLayout layout_of(const Node& node);

}  // namespace gangline
