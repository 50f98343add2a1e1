#include "schedule/reasons/mps_of_other.h"

#include <algorithm>
#include <map>

#include "schedule/ahead.h"
#include "schedule/place/place.h"

namespace gangline {
namespace {

constexpr std::size_t most_holders_named = 8;

/// Those of others with MPS, by device.
std::map<DeviceId, MpsOfOther> served_by_others(const Desk& desk, const Shape& shape) {
  std::map<DeviceId, MpsOfOther> served;
  for (const HeldId id : desk.with_mps()) {
    const Holder& holder = desk.held.at(id);
    if (!bars(mps_of(holder), shape.mps_of())) continue;
    for (const NodePart& part : holder.allocation->parts)
      for (const TaskPlace& task : part.tasks)
        for (const DeviceShare& share : task.devices) {
          const DeviceId device{part.node, share.device};
          const Time end = desk.held.end_of(id, desk.now);
          auto [known, is_new] =
              served.try_emplace(device, MpsOfOther{device, holder.user, {}, end, 0});
          auto& named = known->second.holders;
          known->second.until = std::max(known->second.until, end);
          if (named.size() < most_holders_named &&
              std::find(named.begin(), named.end(), holder.job) == named.end())
            named.push_back(holder.job);
        }
  }
  for (auto& [device, one] : served) std::sort(one.holders.begin(), one.holders.end());
  return served;
}

}  // namespace

std::optional<MpsOfOther> mps_of_other(const Desk& desk, const Shape& shape) {
  if (!desk.is_barred_somewhere(shape)) return std::nullopt;
  const auto served = served_by_others(desk, shape);
  for (const Wanted& wanted : shape.wanted) {
    const auto place_without_mps = place(wanted, FreeView(desk.free));
    if (!place_without_mps) continue;
    std::optional<MpsOfOther> first;
    std::uint32_t barred = 0;
    for (const auto& [device, one] : served) {
      if (device.node.n >= desk.free.nodes()) continue;
      const auto& usable = wanted.on(device.node.n, desk.kinds).devices;
      if (!std::binary_search(usable.begin(), usable.end(), device.index) ||
          desk.free.node(device.node.n).devices[device.index] < wanted.share.thousandths)
        continue;
      ++barred;
      if (!first || one.until < first->until) first = one;
    }
    if (!first) continue;
    first->others = barred - 1;
    return first;
  }
  return std::nullopt;
}

}  // namespace gangline
