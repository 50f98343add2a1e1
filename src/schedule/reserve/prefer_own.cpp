#include "schedule/reserve/prefer_own.h"

#include <algorithm>
#include <map>
#include <set>

namespace gangline {

std::optional<FreeView> own_of(const Desk& desk, const Shape& shape, const Wanted& wanted,
                               const FreeView& free) {
  if (wanted.each == 0) return std::nullopt;
  std::map<std::uint32_t, std::set<std::uint32_t>> own;  // devices by node
  for (const SetAside& one : desk.set_aside) {
    if (!one.user || *one.user != shape.user || desk.now < one.from || one.until <= desk.now)
      continue;
    for (const NodePart& part : one.what->parts)
      for (const TaskPlace& task : part.tasks)
        for (const DeviceShare& share : task.devices)
          if (part.node.n < desk.free.nodes()) own[part.node.n].insert(share.device);
  }
  // Most are looked at when there is nothing left of it, and the rest costs each node.
  std::int64_t left = 0;
  for (const auto& [node, devices] : own)
    for (const std::uint32_t device : devices)
      if (device < free.node(node).devices.size())
        left += std::max(free.node(node).devices[device], 0);
  if (left < std::int64_t{wanted.tasks} * wanted.each * wanted.share.thousandths)
    return std::nullopt;
  FreeView view = free;
  for (std::uint32_t node = 0; node < desk.free.nodes(); ++node) {
    const auto devices = own.find(node);
    FreeNode& here = view.edit(node);
    for (std::uint32_t device = 0; device < here.devices.size(); ++device)
      if (devices == own.end() || !devices->second.contains(device))
        here.devices[device] = std::min(here.devices[device], 0);
  }
  return view;
}

}  // namespace gangline
