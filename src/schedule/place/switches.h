// The switches above the nodes, of any depth: a tree, with all nodes under its root.
#pragma once

#include <cstdint>
#include <vector>

#include "model/cluster.h"

namespace gangline {

struct Switch {
  std::uint32_t parent = 0;  ///< that of the root is itself
  std::uint32_t depth = 0;   ///< 0: the root
  /// Those inside it, at any depth, have the numbers from its own + 1 up to here.
  std::uint32_t end = 0;
  /// All nodes under it are Switches::order[first, last), those right under it in front.
  std::uint32_t first = 0, last = 0;
};

class Switches {
 public:
  explicit Switches(const Cluster& cluster);

  /// Of some node it is known under which it is.
  bool any() const { return all_.size() > 1; }
  /// The root is in front.
  const std::vector<Switch>& all() const { return all_; }
  /// The nodes, those of one switch side by side.
  const std::vector<std::uint32_t>& order() const { return order_; }
  std::uint32_t position_of(std::uint32_t node) const { return position_[node]; }
  /// The one right above a node.
  std::uint32_t above(std::uint32_t node) const { return above_[node]; }

 private:
  std::vector<Switch> all_;
  std::vector<std::uint32_t> order_, position_, above_;  // the last two by node
};

}  // namespace gangline
