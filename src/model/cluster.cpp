#include "model/cluster.h"

#include <utility>

#include "base/text.h"

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

std::vector<std::string> place_from(std::string_view text) {
  std::vector<std::string> place;
  for (const std::string_view part : split(text, '/'))
    if (!part.empty() && place.size() < most_switch_levels) place.emplace_back(part);
  return place;
}

std::string place_text(const Node& node) {
  std::string text;
  for (const std::string& name : node.place) text += (text.empty() ? "" : "/") + name;
  return text;
}

}  // namespace gangline
