#include "control/merge_node.h"

#include <algorithm>

namespace gangline {

Node merge_node(const Node& known, const Node& found) {
  Node merged = found;
  merged.devices = known.devices;
  for (Device& device : merged.devices) device.present = false;

  // number_of[i]: what found.devices[i] is called from now on.
  std::vector<std::uint32_t> number_of;
  for (const Device& device : found.devices) {
    const auto place = std::find_if(merged.devices.begin(), merged.devices.end(),
                                    [&](const Device& other) { return other.uid == device.uid; });
    number_of.push_back(static_cast<std::uint32_t>(place - merged.devices.begin()));
    if (place == merged.devices.end()) merged.devices.push_back(device);
    else *place = device;
  }
  for (std::size_t i = 0; i < found.devices.size(); ++i) {
    auto& parent = merged.devices[number_of[i]].parent;
    if (parent && *parent < number_of.size()) parent = number_of[*parent];
  }
  for (Link& link : merged.links) {
    const std::uint32_t a = number_of[link.a];
    const std::uint32_t b = number_of[link.b];
    link.a = std::min(a, b);
    link.b = std::max(a, b);
  }
  for (NetworkPort& port : merged.ports)
    for (std::uint32_t& device : port.near) device = number_of[device];
  return merged;
}

}  // namespace gangline
