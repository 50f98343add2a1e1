#include "schedule/order/patience.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "schedule/order/order.h"

namespace gangline {

Patience::Patience(const Policy& policy, const Cluster& cluster)
    : counts_(policy.goes_first == GoesFirst::least_work), at_least_(policy.patience) {
  if (!counts_) return;
  std::int64_t cpus = 0;
  for (const Node& node : cluster.nodes) {
    if (!takes_gangs(node)) continue;
    cpus += cpus_of(node).thousandths;
    for (const Device& device : node.devices)
      if (device.allottable && device.present) capacity_ += whole_device.thousandths;
  }
  by_cpus_ = capacity_ == 0;
  if (by_cpus_) capacity_ = cpus;
}

std::int64_t Patience::size_of(const WaitingGroup& group) const {
  const ResourceRequest& request = *group.request;
  const std::int64_t each =
      by_cpus_ ? std::int64_t{request.tasks} * request.alternatives.front().cpus.thousandths
               : devices_wanted(request);
  return each * group.count;
}

void Patience::waits(const WaitingGroup& group, std::uint32_t id, bool for_room) {
  if (!counts_) return;
  if (for_room) waiting_ += size_of(group);
  since_.emplace(group.submitted, id);
}

void Patience::no_longer_waits(const WaitingGroup& group, std::uint32_t id, bool for_room) {
  if (!counts_) return;
  if (for_room) waiting_ -= size_of(group);
  since_.erase({group.submitted, id});
}

Span Patience::lasts() const {
  if (waiting_ <= capacity_ || capacity_ <= 0) return at_least_;
  const double fulls = static_cast<double>(waiting_) / static_cast<double>(capacity_);
  const double crowded = 4 - 3 / (fulls * fulls);  // from 1 up to 4
  constexpr double longest = 1e18;                 // microseconds
  return Span{static_cast<std::int64_t>(
      std::min(longest, static_cast<double>(at_least_.us) * crowded * fulls * std::sqrt(fulls)))};
}

Time Patience::late_up_to(Time now) const {
  if (!counts_) return Time{std::numeric_limits<std::int64_t>::min()};
  return now - lasts();
}

Time Patience::next_late(Time now) const {
  const auto next = since_.upper_bound({late_up_to(now), none});
  return next == since_.end() ? never : next->first + lasts();
}

}  // namespace gangline
