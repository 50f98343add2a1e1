#include "mps_checks.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"

namespace gangline::worlds {

std::string wrong_with_mps(const Snapshot& after, const Plan& plan) {
  std::map<DeviceId, std::set<std::uint32_t>> served;
  std::map<DeviceId, std::int32_t> held;
  for (const Holder& holder : after.holders)
    for (const NodePart& part : holder.allocation->parts)
      for (const TaskPlace& task : part.tasks)
        for (const DeviceShare& share : task.devices) {
          const DeviceId device{part.node, share.device};
          held[device] += share.share.thousandths;
          if (holder.mps) served[device].insert(holder.user);
        }
  for (const auto& [device, users] : served)
    if (users.size() > 1) return "two people have MPS on one device";
  // Reasons are of machines as they are when those have left who were asked to.
  if (std::any_of(after.holders.begin(), after.holders.end(),
                  [](const Holder& holder) { return holder.stopping; }))
    return {};
  for (const Wait& wait : plan.waits) {
    const auto* mps = std::get_if<MpsOfOther>(&wait.blocker);
    if (mps == nullptr) continue;
    const std::string job = " (job " + format(wait.job) + ")";
    const auto waits =
        std::find_if(after.waiting.begin(), after.waiting.end(),
                     [&](const WaitingGroup& group) { return group.job == wait.job; });
    if (waits == after.waiting.end() || !waits->mps) return "MPS in the way of one without" + job;
    const auto here = served.find(mps->device);
    if (here == served.end() || !here->second.contains(mps->user) || mps->user == waits->user)
      return "MPS of others in the way, and there is none" + job;
    if (held[mps->device] >= whole_device.thousandths)
      return "MPS of others in the way, and the device is full" + job;
  }
  return {};
}

}  // namespace gangline::worlds
