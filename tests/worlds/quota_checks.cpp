#include "quota_checks.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "schedule/quota/quotas.h"

namespace gangline::worlds {
namespace {

/// The queue and those that it is a part of.
std::vector<std::uint32_t> chain_of(const Snapshot& world, std::uint32_t queue) {
  std::vector<std::uint32_t> chain;
  for (std::optional<std::uint32_t> at = queue; at; at = world.queues[*at].parent)
    chain.push_back(*at);
  return chain;
}

bool is_in(const Snapshot& world, std::uint32_t queue, std::uint32_t whole) {
  const auto chain = chain_of(world, queue);
  return std::find(chain.begin(), chain.end(), whole) != chain.end();
}

/// What a queue holds, but for those who leave.
template <class Leaves>
Charge held_by(const Snapshot& world, std::uint32_t queue, const Leaves& leaves) {
  Charge sum;
  for (const Holder& holder : world.holders) {
    if (!is_in(world, holder.queue, queue) || leaves(holder)) continue;
    const Charge one = charge_of(*holder.allocation);
    sum.devices += one.devices;
    sum.cpus += one.cpus;
  }
  return sum;
}

std::uint32_t queue_of(const Snapshot& world, const Start& start) {
  return std::find_if(world.waiting.begin(), world.waiting.end(),
                      [&](const WaitingGroup& group) { return group.job == start.job; })
      ->queue;
}

std::int64_t thousandths(const std::optional<std::uint32_t>& devices) {
  return std::int64_t{devices.value_or(0)} * 1000;
}

bool is_within(const Charge& charge, const QueueAmounts& amounts) {
  return (charge.devices == 0 || charge.devices <= thousandths(amounts.devices)) &&
         (charge.cpus == 0 || charge.cpus <= std::int64_t{amounts.cpus.value_or(0)});
}

/// With this gang its queue, or one that it is a part of and `not_of` is not, still holds no more
/// than is guaranteed to it.
bool may_claim(const Snapshot& world, const WaitingGroup& group, std::uint32_t not_of) {
  const Charge one = charge_of(*group.request);
  for (const std::uint32_t queue : chain_of(world, group.queue)) {
    if (is_in(world, not_of, queue)) continue;
    Charge with = held_by(world, queue, [](const Holder&) { return false; });
    with.devices = one.devices > 0 ? with.devices + one.devices : 0;
    with.cpus = one.cpus > 0 ? with.cpus + one.cpus : 0;
    if (is_within(with, world.queues[queue].guaranteed)) return true;
  }
  return false;
}

}  // namespace

std::string wrong_with_limits(const Snapshot& world) {
  for (std::uint32_t queue = 0; queue < world.queues.size(); ++queue) {
    const QueueAmounts& limit = world.queues[queue].limit;
    const Charge held = held_by(world, queue, [](const Holder&) { return false; });
    if ((limit.devices && held.devices > thousandths(limit.devices)) ||
        (limit.cpus && held.cpus > std::int64_t{*limit.cpus}))
      return "queue " + world.queues[queue].name + " holds more than its limit";
  }
  return {};
}

std::string wrong_with_rules(const Snapshot& after, const Plan& plan) {
  for (const HouseRule& rule : rules_at(after.rules.get(), after.now)) {
    Charge held;
    held.gangs = 0;
    bool is_started = false;
    for (const Holder& holder : after.holders) {
      const bool its_queue =
          !rule.queue ||
          (rule.with_parts ? is_in(after, holder.queue, *rule.queue) : holder.queue == *rule.queue);
      if (!its_queue || (rule.user && *rule.user != holder.user)) continue;
      const Charge one = charge_of(*holder.allocation);
      held.devices += one.devices;
      held.cpus += one.cpus;
      ++held.gangs;
      for (const Start& start : plan.starts) {
        const bool counts = !rule.gangs && rule.most.devices ? one.devices > 0
                            : rule.most.cpus                 ? one.cpus > 0
                                                             : true;
        is_started = is_started || (start.allocation == holder.allocation && counts);
      }
    }
    if (!is_started) continue;  // who held more when it came may go on
    if ((rule.most.devices && held.devices > thousandths(rule.most.devices)) ||
        (rule.most.cpus && held.cpus > std::int64_t{*rule.most.cpus}) ||
        (rule.gangs && held.gangs > std::int64_t{*rule.gangs}))
      return "a start beyond a rule";
  }
  return {};
}

std::string wrong_with_set_aside(const Snapshot& after, const Plan& plan) {
  if (after.set_aside == nullptr) return {};
  const auto share_something = [](const Allocation& a, const Allocation& b) {
    for (const NodePart& one : a.parts)
      for (const NodePart& other : b.parts)
        for (const TaskPlace& task : one.tasks)
          for (const TaskPlace& place : other.tasks) {
            if (one.node != other.node) continue;
            if (!(task.cpus & place.cpus).empty()) return true;
            for (const DeviceShare& device : task.devices)
              for (const DeviceShare& theirs : place.devices)
                if (device.device == theirs.device) return true;
          }
    return false;
  };
  for (const Start& start : plan.starts)
    for (const Holder& holder : after.holders) {
      if (holder.allocation != start.allocation) continue;
      for (const SetAside& one : *after.set_aside)
        if (one.meets(holder.user, after.now, holder.expected_end) &&
            share_something(*holder.allocation, *one.what))
          return "a start that reaches into what is set aside";
    }
  return {};
}

std::string wrong_with_stops(const Snapshot& before, const Plan& plan) {
  const auto is_stopped = [&](const Holder& holder) {
    return std::any_of(plan.stops.begin(), plan.stops.end(), [&](const MakeRoom& stop) {
      return stop.gang == GangId{holder.job, holder.first};
    });
  };
  const auto leaves = [&](const Holder& holder) { return holder.stopping || is_stopped(holder); };
  for (const MakeRoom& stop : plan.stops) {
    const auto by = std::find_if(before.waiting.begin(), before.waiting.end(),
                                 [&](const WaitingGroup& group) { return group.job == stop.by; });
    const auto of =
        std::find_if(before.holders.begin(), before.holders.end(), [&](const Holder& holder) {
          return stop.gang == GangId{holder.job, holder.first};
        });
    if (by == before.waiting.end() || of == before.holders.end()) return "a stop of or for nobody";
    if (!may_claim(before, *by, of->queue)) return "somebody is stopped for one without a claim";
    const bool devices = charge_of(*of->allocation).devices > 0;
    for (const std::uint32_t queue : chain_of(before, of->queue)) {
      if (is_in(before, by->queue, queue)) continue;
      const QueueAmounts& guaranteed = before.queues[queue].guaranteed;
      Charge left = held_by(before, queue, leaves);
      for (const Start& start : plan.starts) {
        if (!is_in(before, queue_of(before, start), queue)) continue;
        left.devices += charge_of(*start.allocation).devices;
        left.cpus += charge_of(*start.allocation).cpus;
      }
      if (devices ? left.devices < thousandths(guaranteed.devices)
                  : left.cpus < std::int64_t{guaranteed.cpus.value_or(0)})
        return "queue " + before.queues[queue].name + " comes below what is guaranteed to it";
    }
  }
  return {};
}

}  // namespace gangline::worlds
