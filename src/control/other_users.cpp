#include "control/other_users.h"

#include <set>

namespace gangline {
namespace {

/// Of the device itself, or of what it is a slice of.
bool concerns(const ForeignUse& use, DeviceId held, const Cluster& cluster) {
  if (use.holder.empty() || use.device.node != held.node) return false;
  if (use.device.index == held.index) return true;
  if (held.node.n >= cluster.nodes.size()) return false;
  const auto& devices = cluster.nodes[held.node.n].devices;
  return held.index < devices.size() && devices[held.index].parent == use.device.index;
}

}  // namespace

std::vector<std::string> notes_of_other_users(const Allocation& allocation,
                                              std::span<const ForeignUse> foreign,
                                              const Cluster& cluster) {
  std::vector<std::string> notes;
  std::set<DeviceId> told;
  for (const NodePart& part : allocation.parts)
    for (const TaskPlace& task : part.tasks)
      for (const DeviceShare& share : task.devices)
        for (const ForeignUse& use : foreign) {
          const DeviceId held{part.node, share.device};
          if (!concerns(use, held, cluster) || !told.insert(held).second) continue;
          notes.push_back("device " + std::to_string(share.device) + " is also used by " +
                          use.holder + (use.leased ? "" : ", outside Gangline") +
                          "; nothing was stopped");
        }
  return notes;
}

}  // namespace gangline
