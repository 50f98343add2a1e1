#include "devices/sysfs/pci.h"

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "devices/sysfs/read.h"
#include "devices/sysfs/see.h"

namespace gangline {
namespace {

constexpr std::size_t deepest_path = 64;

bool is_host_bridge(const std::string& part) { return part.starts_with("pci"); }

}  // namespace

std::string pci_address(std::uint32_t domain, std::uint32_t bus_and_function) {
  char text[32];
  std::snprintf(text, sizeof text, "%04x:%02x:%02x.%x", domain, bus_and_function >> 8 & 0xff,
                bus_and_function >> 3 & 0x1f, bus_and_function & 7);
  return text;
}

std::string pci_directory(const std::string& root, const std::string& address) {
  return root + "/sys/bus/pci/devices/" + address;
}

std::vector<std::string> accelerators_on_bus(const std::string& root, std::uint64_t vendor) {
  std::vector<std::string> found;
  const auto names = names_in(root + "/sys/bus/pci/devices");
  if (!names) return found;
  for (const std::string& name : *names) {
    const std::string directory = pci_directory(root, name);
    if (hex_at(directory + "/vendor") != vendor) continue;
    const auto whole_class = hex_at(directory + "/class");
    if (whole_class && (*whole_class >> 16 == 0x03 || *whole_class >> 16 == 0x12))
      found.push_back(name);
  }
  return found;
}

PciPath pci_path(const std::string& root, const std::string& address,
                 std::optional<std::uint64_t> inside) {
  const auto link = see_link(pci_directory(root, address));
  PciPath path;
  if (!link) return path;
  for (const std::string_view part : split(*link, '/')) {
    const std::string name(part);
    if (path.empty() && !is_host_bridge(name)) continue;  // "../../../devices"
    path.push_back(name);
    if (path.size() > deepest_path) return {};
  }
  while (inside && path.size() > 2 &&
         hex_at(pci_directory(root, path[path.size() - 2]) + "/vendor") == inside)
    path.erase(path.end() - 2);
  return path;
}

bool is_on_root(const PciPath& path) { return path.size() == 2; }

std::optional<std::uint32_t> pci_numa(const std::string& root, const std::string& address) {
  // -1, which is no such number: unknown.
  const auto node = number_at(pci_directory(root, address) + "/numa_node");
  if (!node || *node >= CpuSet::most_cpus) return std::nullopt;
  return static_cast<std::uint32_t>(*node);
}

bool is_asleep(const std::string& directory) {
  const auto status = text_at(directory + "/power/runtime_status");
  return status == "suspended" || status == "suspending";
}

std::optional<LinkKind> pci_link(const PciPath& a, const PciPath& b,
                                 std::optional<std::uint32_t> numa_a,
                                 std::optional<std::uint32_t> numa_b) {
  const auto [end_a, end_b] = std::ranges::mismatch(a, b);
  const auto common = static_cast<std::size_t>(end_a - a.begin());
  if (common > 0) {
    if (is_host_bridge(a[common - 1])) return LinkKind::host_bridge;
    // Below the last bridge that both have, one switch has one more on the way to each of them.
    const std::size_t below = std::max(a.size(), b.size()) - common;
    return below <= 2 ? LinkKind::pcie_switch : LinkKind::pcie_switches;
  }
  if (numa_a && numa_b) return numa_a == numa_b ? LinkKind::numa : LinkKind::system;
  return std::nullopt;
}

}  // namespace gangline
