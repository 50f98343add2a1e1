#include "replay/simulate/power.h"

#include <algorithm>

namespace gangline {
namespace {

double known(const std::map<std::string, double>& watts, const std::string& model) {
  const auto found = watts.find(model);
  return found == watts.end() ? 0 : found->second;
}

}  // namespace

PowerMeter::PowerMeter(const Cluster& cluster, const PowerLimit& limit) : limit_(limit.watts) {
  for (const Node& node : cluster.nodes) {
    auto& rises = rise_.emplace_back();
    for (const Device& device : node.devices) {
      const double idle = known(limit.idle, device.model);
      rises.push_back(std::max(0.0, known(limit.in_use, device.model) - idle));
      if (node.up && device.allottable) idle_watts_ += idle;
    }
  }
  watts_ = idle_watts_;
}

double PowerMeter::rise(const Allocation& where) const {
  double sum = 0;
  for (const NodePart& part : where.parts)
    for (const TaskPlace& task : part.tasks)
      for (const DeviceShare& share : task.devices)
        sum += rise_[part.node.n][share.device] * share.share.thousandths / 1000.0;
  return sum;
}

}  // namespace gangline
