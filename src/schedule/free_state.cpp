#include "schedule/free_state.h"

namespace gangline {

FreeState::FreeState(const Cluster& cluster) : cluster_(&cluster) {
  nodes_.reserve(cluster.nodes.size());
  for (const Node& node : cluster.nodes)
    nodes_.push_back({std::vector<std::int32_t>(node.devices.size(), whole_device.thousandths),
                      node.cpus, node.cpus.count(), node.memory});
}

void FreeState::take(const Allocation& allocation) {
  for (const NodePart& part : allocation.parts) {
    if (part.node.n >= nodes_.size()) continue;
    FreeNode& node = nodes_[part.node.n];
    for (const TaskPlace& task : part.tasks) {
      for (const DeviceShare& share : task.devices)
        if (share.device < node.devices.size())
          node.devices[share.device] -= share.share.thousandths;
      node.cpus = node.cpus.minus(task.cpus);
      node.memory = node.memory - task.memory;
    }
    node.cpu_count = node.cpus.count();
  }
}

void FreeState::give_back(const Allocation& allocation) {
  for (const NodePart& part : allocation.parts) {
    if (part.node.n >= nodes_.size()) continue;
    FreeNode& node = nodes_[part.node.n];
    for (const TaskPlace& task : part.tasks) {
      for (const DeviceShare& share : task.devices)
        if (share.device < node.devices.size())
          node.devices[share.device] += share.share.thousandths;
      // A CPU that went offline while it was held does not come back.
      node.cpus = node.cpus | (task.cpus & cluster_->nodes[part.node.n].cpus);
      node.memory = node.memory + task.memory;
    }
    node.cpu_count = node.cpus.count();
  }
}

}  // namespace gangline
