#include "schedule/place/layout.h"

#include <algorithm>

namespace gangline {
namespace {

constexpr std::size_t numa_level = 1 + static_cast<std::size_t>(LinkKind::numa);

/// Puts the groups of devices `a` and `b` together under the smaller of their numbers.
void join(std::vector<std::uint32_t>& group, std::uint32_t a, std::uint32_t b) {
  const std::uint32_t keep = std::min(group[a], group[b]);
  const std::uint32_t drop = std::max(group[a], group[b]);
  if (keep == drop) return;
  for (std::uint32_t& number : group)
    if (number == drop) number = keep;
}

void group_devices(const Node& node, NodeLayout& layout) {
  const auto devices = static_cast<std::uint32_t>(node.devices.size());
  layout.group[0].resize(devices);
  for (std::uint32_t d = 0; d < devices; ++d) layout.group[0][d] = d;
  for (std::size_t level = 1; level < nearness_levels; ++level) {
    std::vector<std::uint32_t>& group = layout.group[level];
    group = layout.group[level - 1];
    for (const Link& link : node.links)
      if (1 + static_cast<std::size_t>(link.kind) == level && link.a < devices && link.b < devices)
        join(group, link.a, link.b);
    for (std::uint32_t d = 0; d < devices; ++d) {
      const Device& device = node.devices[d];
      // A slice is on the board of the device that it was cut from, also where no link says so.
      if (level == 1 && device.parent && *device.parent < devices) join(group, d, *device.parent);
      if (level == numa_level && device.numa_node)
        for (std::uint32_t e = 0; e < d; ++e)
          if (node.devices[e].numa_node == device.numa_node) join(group, d, e);
      if (level + 1 == nearness_levels) join(group, d, 0);
    }
  }
  for (std::size_t level = 0; level < nearness_levels; ++level) {
    layout.size[level].assign(devices, 0);
    for (std::uint32_t d = 0; d < devices; ++d)
      if (node.devices[d].allottable && node.devices[d].present)
        ++layout.size[level][layout.group[level][d]];
  }
}

std::uint32_t numa_index_of_cpu(const Node& node, std::uint32_t cpu) {
  for (std::uint32_t i = 0; i < node.numa.size(); ++i)
    if (node.numa[i].cpus.has(cpu)) return i;
  return 0;
}

void group_cpus(const Node& node, NodeLayout& layout) {
  const auto add_core = [&](const std::vector<std::uint32_t>& cpus) {
    if (cpus.empty()) return;
    layout.cores.push_back({static_cast<std::uint32_t>(layout.cpus.size()),
                            static_cast<std::uint32_t>(cpus.size()),
                            numa_index_of_cpu(node, cpus.front())});
    layout.cpus.insert(layout.cpus.end(), cpus.begin(), cpus.end());
  };
  CpuSet alone = node.cpus;
  for (const CpuSet& core : node.cores) {
    add_core((core & alone).list());
    alone = alone.minus(core);
  }
  for (const std::uint32_t cpu : alone.list()) add_core({cpu});
}

}  // namespace

NodeLayout layout_of(const Node& node) {
  NodeLayout layout;
  group_devices(node, layout);
  group_cpus(node, layout);
  layout.numa_nodes = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(node.numa.size()));
  for (const Device& device : node.devices) {
    std::optional<std::uint32_t> index;
    for (std::uint32_t i = 0; i < node.numa.size(); ++i)
      if (device.numa_node == node.numa[i].n) index = i;
    layout.numa_of_device.push_back(index);
  }
  return layout;
}

}  // namespace gangline
