#include "model/cluster.h"

#include <utility>

namespace gangline {

const char* name_of(LinkKind kind) {
  switch (kind) {
    case LinkKind::same_board: return "same-board";
    case LinkKind::nvlink: return "nvlink";
    case LinkKind::pcie_switch: return "pcie-switch";
    case LinkKind::pcie_switches: return "pcie-switches";
    case LinkKind::host_bridge: return "host-bridge";
    case LinkKind::numa: return "numa";
    case LinkKind::system: return "system";
  }
  return "system";
}

LinkKind link_between(const Node& node, std::uint32_t a, std::uint32_t b) {
  if (a > b) std::swap(a, b);
  for (const Link& link : node.links)
    if (link.a == a && link.b == b) return link.kind;
  return LinkKind::system;
}

CpuAmount cpus_of(const Node& node) {
  return node.cpus.empty() ? node.counted : whole_cpus(node.cpus.count());
}

}  // namespace gangline
