#include "schedule/order/order.h"

#include <algorithm>
#include <utility>

#include "schedule/order/came_down.h"

namespace gangline {
namespace {

constexpr std::int64_t whole = whole_device.thousandths;
constexpr Span just = seconds(1);

/// Device-time; of CPUs alone their time counts as that of one device.
std::int64_t times_devices(Span span, const WaitingGroup& group) {
  const std::int64_t devices = std::max<std::int64_t>(whole, devices_wanted(*group.request));
  const auto product = static_cast<__int128>(span.us) * devices / whole;
  return static_cast<std::int64_t>(std::min<__int128>(product, no_limit.us));
}

/// Devices count for more than any CPUs.
std::int64_t size_of(const ResourceRequest& request) {
  const TaskRequest& task = request.alternatives.front();
  constexpr std::int64_t device = std::int64_t{1} << 32;
  return devices_wanted(request) * (device / whole) +
         std::int64_t{request.tasks} * task.cpus.thousandths;
}

Span left_of(const Progress& progress) {
  if (!progress.whole_run) return no_limit;
  return std::max(Span{0}, *progress.whole_run - progress.kept);
}

}  // namespace

std::int64_t devices_wanted(const ResourceRequest& request) {
  const auto& devices = request.alternatives.front().devices;
  return devices ? std::int64_t{request.tasks} * devices->count * devices->share.thousandths : 0;
}

Progress progress_of(const Holder& holder, Time now) {
  Progress progress = holder.waited->progress;
  const Span ran = std::max(Span{0}, now - holder.since);
  progress.served = progress.served + ran;
  const auto& alternatives = holder.waited->request->alternatives;
  progress.kept = progress.kept + work_with(alternatives[holder.allocation->alternative], ran);
  return progress;
}

Order::Order(const Policy& policy, std::vector<Queue> queues, const std::vector<Span>* work)
    : policy_(policy),
      queues_(std::move(queues)),
      gittins_(work != nullptr && policy.goes_first == GoesFirst::gittins
                   ? Gittins(*work, policy.levels.front())
                   : Gittins()) {}

std::int64_t Order::priority_of(const WaitingGroup& group) const {
  return group.priority + (group.queue < queues_.size() ? queues_[group.queue].priority : 0);
}

std::int64_t Order::level_of(std::int64_t service) const {
  return std::count_if(policy_.levels.begin(), policy_.levels.end(),
                       [&](Span level) { return service >= level.us; });
}

Standpoint Order::point_of(const WaitingGroup& group) const {
  const std::int64_t priority = priority_of(group);
  const Progress& progress = group.progress;
  Standpoint point{-priority, 0, 0};
  switch (policy_.goes_first) {
    case GoesFirst::arrival: break;
    case GoesFirst::fair_share:  // after the standing, which is that of the group's shape
      point.then = std::exchange(point.rank, 0);
      break;
    case GoesFirst::ageing:
      point.rank = 0;
      point.then = group.submitted.us - priority * policy_.ages.us;
      break;
    case GoesFirst::shortest: point.then = group.time.value_or(no_limit).us; break;
    case GoesFirst::smallest: point.then = size_of(*group.request); break;
    case GoesFirst::fewest_devices: point.then = devices_wanted(*group.request); break;
    case GoesFirst::remaining: point.then = left_of(progress).us; break;
    case GoesFirst::remaining_work:
      point.then = times_devices(left_of(progress), group);
      point.within = devices_wanted(*group.request);  // who had more left a moment ago, if both ran
      break;
    case GoesFirst::attained:
    case GoesFirst::attained_work: {
      const bool by_work = policy_.goes_first == GoesFirst::attained_work;
      const auto level = [&](Span served) {
        return level_of(by_work ? times_devices(served, group) : served.us);
      };
      point.then = level(progress.served);
      // Who has just come down to a level stands behind all others there.
      point.within = level(progress.served - just) < point.then ? 1 : 0;
      break;
    }
    case GoesFirst::attained_in_line:
      point.then = level_of(times_devices(progress.served, group));
      if (const auto level = static_cast<std::size_t>(point.then); level > 0)
        point.within = came_down_at(group, policy_.levels.at(level - 1), policy_.rounds).us;
      break;
    case GoesFirst::gittins: {
      const std::int64_t work = times_devices(progress.served, group);
      constexpr double scale = 1e12;
      point.then = level_of(work);
      point.within = -static_cast<std::int64_t>(gittins_.index(Span{work}) * scale);
      break;
    }
    case GoesFirst::least_work:
      point.then = 1;
      if (group.submitted <= late_up_to_) point.then = 0;
      else point.within = times_devices(left_of(progress), group);
      break;
  }
  return point;
}

Standpoint Order::point_of(const Holder& holder, Time now) const {
  WaitingGroup group = *holder.waited;
  group.progress = progress_of(holder, now);
  if (policy_.goes_first == GoesFirst::attained_in_line)
    group.progress.stop(now);  // as though it were
  return point_of(group);
}

OrderKey Order::key_of(const WaitingGroup& group, WaitingId id) const {
  // Of those that have as much left, who stood there first goes first.
  const Time since =
      by_rest() ? std::max(group.submitted, group.progress.stopped) : group.submitted;
  return {point_of(group), since, group.job, group.first, id, group.time.value_or(no_limit)};
}

Time Order::changes_at(const Holder& holder, Time now) const {
  const GoesFirst by = policy_.goes_first;
  const bool work = by == GoesFirst::attained_work || by == GoesFirst::attained_in_line ||
                    by == GoesFirst::gittins;
  if (holder.waited == nullptr || (by != GoesFirst::attained && !work)) return never;
  const Span served = progress_of(holder, now).served;
  const std::int64_t each = work ? std::max(whole, devices_wanted(*holder.waited->request)) : whole;
  Time at = never;
  for (const Span level : policy_.levels) {
    // Rounded up: by then the level is reached. Once a second is often enough.
    const std::int64_t exact = (level.us * whole + each - 1) / each;
    const std::int64_t needed = (exact + just.us - 1) / just.us * just.us;
    if (needed > served.us) at = std::min(at, now + Span{needed - served.us});
  }
  return at;
}

}  // namespace gangline
