// Exactly which devices, CPUs and bytes a gang holds, on which nodes.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "base/units.h"
#include "model/cpu_set.h"

namespace gangline {

struct DeviceShare {
  std::uint32_t device = 0;  ///< index in Node::devices
  Share share = whole_device;
  bool operator==(const DeviceShare&) const = default;
};

struct TaskPlace {
  std::uint32_t rank = 0;
  std::vector<DeviceShare> devices;
  CpuSet cpus;          ///< empty on a node that only counts them
  Bytes memory{0};      ///< 0: not asked
  CpuAmount counted{};  ///< CPUs, where `cpus` does not say which
  bool operator==(const TaskPlace&) const = default;
};

inline CpuAmount cpus_of(const TaskPlace& task) {
  return task.cpus.empty() ? task.counted : whole_cpus(task.cpus.count());
}

struct NodePart {
  NodeId node;
  std::vector<TaskPlace> tasks;
  bool operator==(const NodePart&) const = default;
};

struct Allocation {
  std::uint32_t alternative = 0;  ///< which of the request's alternatives was chosen
  /// Ranks ascend over the parts. None: the engine chooses where.
  std::vector<NodePart> parts;
  bool operator==(const Allocation&) const = default;
};

}  // namespace gangline
