#include "devices/infiniband/near_devices.h"

#include <optional>
#include <vector>

#include "devices/sysfs/pci.h"

namespace gangline {
namespace {

constexpr std::uint64_t amd = 0x1002;  // its cards have bridges of their own

}  // namespace

void find_near_devices(const std::string& root, Node& node) {
  if (node.ports.empty()) return;
  std::vector<PciPath> paths;
  for (const Device& device : node.devices)
    paths.push_back(pci_path(root, device.pci_address,
                             device.vendor == "amd" ? std::optional(amd) : std::nullopt));
  for (NetworkPort& port : node.ports) {
    const PciPath path =
        port.pci_address.empty() ? PciPath() : pci_path(root, port.pci_address, {});
    for (std::uint32_t i = 0; i < node.devices.size(); ++i) {
      const Device& device = node.devices[i];
      if (device.parent || !device.present) continue;
      const auto distance = pci_link(path, paths[i], port.numa_node, device.numa_node);
      if (!distance || distance == LinkKind::system) continue;
      if (!port.near.empty() && *distance > port.distance) continue;
      if (!port.near.empty() && *distance < port.distance) port.near.clear();
      port.distance = *distance;
      port.near.push_back(i);
    }
  }
}

}  // namespace gangline
