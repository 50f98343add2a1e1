// What is free on each node: a value that can be copied to ask "and what if".
#pragma once

#include <cstdint>
#include <vector>

#include "model/allocation.h"
#include "model/cluster.h"

namespace gangline {

struct FreeNode {
  std::vector<std::int32_t> devices;  ///< thousandths; below zero where more is kept than is there
  CpuSet cpus;
  std::uint32_t cpu_count = 0;
  Bytes memory{0};  ///< below zero likewise
};

class FreeState {
 public:
  /// Everything free, whatever is up or present.
  explicit FreeState(const Cluster& cluster);

  void take(const Allocation& allocation);
  void give_back(const Allocation& allocation);
  const std::vector<FreeNode>& nodes() const { return nodes_; }

 private:
  const Cluster* cluster_;
  std::vector<FreeNode> nodes_;
};

}  // namespace gangline
