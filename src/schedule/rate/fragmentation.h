// How much of a node's free devices is of no use to what people usually ask for: the measure of
// Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation
// Gradient Descent", USENIX ATC'23.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/usual.h"
#include "schedule/place/kinds.h"

namespace gangline {

/// Whether the node has a device of a model that the task takes.
bool may_use(const Node& node, const UsualTask& task);

class Fragmentation {
 public:
  static constexpr std::size_t most_wishes = 64;

  Fragmentation(const Kinds& kinds, std::span<const UsualTask> usual);

  /// Thousandths of devices that the usual tasks, each by its part, could not use. `free`: of each
  /// device of a node of this kind. A task that lacks CPUs, devices or its model, or wants none,
  /// cannot use any of it; else it cannot use those with less left than its share. Of tasks that
  /// wish for devices in more than `most_wishes` ways the rarest count as without access.
  double of(std::uint32_t kind, std::uint32_t cpu_thousandths,
            std::span<const std::int32_t> free) const;

 private:
  /// A wish for devices that some usual tasks share.
  struct Wish {
    std::int32_t share = 1000;
    std::uint32_t devices = 1;
  };
  struct Task {
    std::uint32_t cpu_thousandths = 0;
    double part = 0;
    std::uint32_t wish = 0;  ///< index; `cpus_alone` or `no_access` otherwise
  };
  static constexpr std::uint32_t cpus_alone = ~0u, no_access = ~1u;

  std::vector<Wish> wishes_;
  std::vector<std::vector<Task>> of_kind_;  ///< the usual tasks, for nodes of each kind
};

}  // namespace gangline
