// Nodes for a gang that no single one holds: under the lowest switch that holds it.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "schedule/place/wanted.h"

namespace gangline {

/// For how many of a gang's tasks there is room on each node and under each switch, kept up to
/// date while nodes change.
class RoomBySwitch {
 public:
  /// As it is in `base`, for tasks that ask for this.
  void learn(const Wanted& wanted, const FreeState& base);
  /// As it is in `free`, with these slices, worked out anew.
  void count(const Wanted& wanted, const FreeView& free, Slices slices);

  std::uint32_t of_node(std::uint32_t node) const { return nodes_[node]; }
  std::uint64_t under(std::uint32_t number) const { return switches_[number]; }
  void set(const Switches& tree, std::uint32_t node, std::uint32_t room);

 private:
  std::vector<std::uint32_t> nodes_;
  std::vector<std::uint64_t> switches_;
  const FreeState* base_ = nullptr;  ///< that it learned of; null: none
  std::uint64_t changes_seen_ = 0;
};

/// Nodes with how many of the tasks each is to hold, those close together side by side.
///
/// Of the switches that hold the whole gang the lowest; of several the one it leaves the least room
/// under. If nothing inside that one holds it, what has the most room takes as much as it can (a
/// switch or a node, a node where both have as much), and the same again for the rest, which goes
/// to the smallest node that holds it, where there is one. Empty: there is no room.
std::optional<std::vector<std::pair<std::uint32_t, std::uint32_t>>> near_nodes(const Wanted& wanted,
                                                                               const FreeView& free,
                                                                               Slices slices);

}  // namespace gangline
