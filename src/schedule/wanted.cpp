#include "schedule/wanted.h"

#include <algorithm>
#include <cctype>
#include <limits>

namespace gangline {
namespace {

bool same_letter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

bool contains(const std::string& text, const std::string& part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same_letter) != text.end();
}

bool equal(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_letter);
}

/// A whole device that fell away may come back as itself; a slice that was cut anew never does.
bool may_be_given(const Cluster& cluster, DeviceId id, const DeviceRules& rules) {
  const Device& device = cluster.nodes[id.node.n].devices[id.index];
  if (!device.allottable) return false;
  if (rules.ever) return device.present || !device.parent;
  if (!device.present) return false;
  if (std::find(rules.avoid.begin(), rules.avoid.end(), id) != rules.avoid.end()) return false;
  return rules.allow_foreign || foreign_use_of(cluster, rules.foreign, id) == nullptr;
}

}  // namespace

bool matches(const Device& device, const DeviceRequest& request) {
  if (device.kind != request.kind) return false;
  // One program reaches at most one slice, so a task of several devices cannot use slices.
  if (device.parent && request.count > 1) return false;
  if (!request.vendor.empty() && !equal(device.vendor, request.vendor)) return false;
  if (!request.model.empty() && !contains(device.model, request.model)) return false;
  return device.memory >= request.memory;
}

const ForeignUse* foreign_use_of(const Cluster& cluster, std::span<const ForeignUse> foreign,
                                 DeviceId device) {
  const auto parent = cluster.nodes[device.node.n].devices[device.index].parent;
  for (const ForeignUse& use : foreign) {
    if (use.holder.empty() || use.device.node != device.node) continue;
    if (use.device.index == device.index || use.device.index == parent) return &use;
  }
  return nullptr;
}

Wanted want(const Cluster& cluster, const ResourceRequest& request, std::uint32_t alternative,
            const DeviceRules& rules) {
  const TaskRequest& task = request.alternatives[alternative];
  Wanted wanted;
  wanted.alternative = alternative;
  wanted.tasks = std::max(1u, request.tasks);
  wanted.cpus = std::max(1u, task.cpus);
  wanted.memory = task.memory;
  wanted.nodes.resize(cluster.nodes.size());
  if (task.devices) {
    wanted.each = std::max(1u, task.devices->count);
    wanted.share = {std::clamp(task.devices->share.thousandths, 1, whole_device.thousandths)};
  }
  for (std::uint32_t n = 0; n < cluster.nodes.size(); ++n) {
    const Node& node = cluster.nodes[n];
    wanted.nodes[n].usable = node.up || rules.ever;
    if (!task.devices) continue;
    for (std::uint32_t d = 0; d < node.devices.size(); ++d) {
      if (!matches(node.devices[d], *task.devices)) continue;
      if (!may_be_given(cluster, {{n}, d}, rules)) continue;
      wanted.nodes[n].devices.push_back(d);
      wanted.nodes[n].slice.push_back(node.devices[d].parent.has_value());
    }
  }
  return wanted;
}

std::uint32_t tasks_that_fit(const Wanted& wanted, std::uint32_t node, const FreeNode& free,
                             Slices slices) {
  const Wanted::OnNode& on = wanted.nodes[node];
  if (!on.usable) return 0;
  std::uint64_t most = free.cpu_count / wanted.cpus;
  if (wanted.memory.n > 0)
    most = std::min(most, static_cast<std::uint64_t>(std::max<std::int64_t>(0, free.memory.n)) /
                              static_cast<std::uint64_t>(wanted.memory.n));
  if (wanted.each > 0 && most > 0) {
    std::uint64_t pieces = 0;
    for (std::size_t i = 0; i < on.devices.size(); ++i) {
      if (slices != Slices::any && on.slice[i] != (slices == Slices::only)) continue;
      const std::int32_t left = free.devices[on.devices[i]];
      if (left > 0) pieces += static_cast<std::uint64_t>(left / wanted.share.thousandths);
    }
    most = std::min(most, pieces / wanted.each);
  }
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(most, std::numeric_limits<std::uint32_t>::max()));
}

bool fits(const Wanted& wanted, const FreeState& free, Slices slices) {
  std::uint64_t tasks = 0;
  for (std::uint32_t n = 0; n < wanted.nodes.size() && tasks < wanted.tasks; ++n)
    tasks += tasks_that_fit(wanted, n, free.nodes()[n], slices);
  return tasks >= wanted.tasks;
}

}  // namespace gangline
