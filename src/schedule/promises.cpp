#include "schedule/promises.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "base/text.h"
#include "schedule/place.h"

namespace gangline {
namespace {

std::optional<Allocation> place_first(Desk& desk, const Shape& shape, const FreeState& free) {
  for (const Wanted& wanted : shape.wanted)
    if (auto allocation = place(wanted, free, desk.layouts)) return allocation;
  return std::nullopt;
}

/// Whether kept room and a stay from `from` until `until` meet. A start that nobody can date meets
/// everything.
bool meets(const Reserved& reserved, Time from, Time until) {
  if (reserved.opening.at == never || from == never) return true;
  return reserved.opening.at < until && from < reserved.end();
}

FreeState without_reserved(const FreeState& free, const std::vector<Reserved>& reserved, Time from,
                           Time until) {
  FreeState left = free;
  for (const Reserved& other : reserved)
    if (meets(other, from, until)) left.take(other.opening.allocation);
  return left;
}

/// The times at which something ends, each once, ascending.
std::vector<Time> ends_ahead(const Desk& desk) {
  std::vector<Time> ends;
  for (const Held& held : desk.held)
    if (held.end != never) ends.push_back(held.end);
  for (const Reserved& reserved : desk.reserved)
    if (reserved.end() != never) ends.push_back(reserved.end());
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  return ends;
}

/// Every kept room again, with `extra` held for longer than that room can wait; none if one of them
/// would be delayed.
std::optional<std::vector<Reserved>> moved_aside(Desk& desk, const Allocation& extra, Time end) {
  std::vector<Reserved> moved;
  for (const Reserved& reserved : desk.reserved) {
    const Opening& opening = reserved.opening;
    FreeState free = without_reserved(desk.free, moved, opening.at, reserved.end());
    if (reserved.conflicts(end)) free.take(extra);
    for (std::size_t i = 0; i < desk.held.size(); ++i)
      if (opening.at == never ? i < opening.released : desk.held[i].end <= opening.at)
        free.give_back(*desk.held[i].allocation);
    auto allocation = place_first(desk, *reserved.shape, free);
    if (!allocation) return std::nullopt;
    moved.push_back(reserved);
    moved.back().opening.allocation = std::move(*allocation);
  }
  return moved;
}

/// The waiting group that the gang is in.
std::optional<std::size_t> find_group(const Snapshot& snapshot, GangId gang) {
  for (std::size_t i = 0; i < snapshot.waiting.size(); ++i) {
    const WaitingGroup& group = snapshot.waiting[i];
    if (group.job == gang.job && gang.index >= group.first &&
        gang.index - group.first < group.count)
      return i;
  }
  return std::nullopt;
}

bool is_held(const Snapshot& snapshot, GangId gang) {
  return std::any_of(snapshot.holders.begin(), snapshot.holders.end(), [&](const Holder& holder) {
    return holder.job == gang.job && gang.index >= holder.first &&
           gang.index - holder.first < holder.count;
  });
}

/// A node or device that this shape could use if it were there: "device a:3 is not found now".
/// Empty: nothing is missing.
std::string what_is_missing(const Snapshot& snapshot, const Shape& shape) {
  const auto could_use = [&](const Device& device) {
    return std::any_of(shape.request->alternatives.begin(), shape.request->alternatives.end(),
                       [&](const TaskRequest& task) {
                         return task.devices && device.allottable && matches(device, *task.devices);
                       });
  };
  for (std::uint32_t n = 0; n < snapshot.cluster->nodes.size(); ++n) {
    const Node& node = snapshot.cluster->nodes[n];
    if (!node.up) return "node " + node.name + " is down";
    for (std::uint32_t d = 0; d < node.devices.size(); ++d) {
      if (!could_use(node.devices[d])) continue;
      const std::string name = "device " + node.name + ":" + std::to_string(d);
      if (!node.devices[d].present) return name + " is not found now";
      const ForeignUse* use = foreign_use_of(*snapshot.cluster, snapshot.foreign, {{n}, d});
      if (use != nullptr && !shape.allow_foreign) return name + " is in use by " + use->holder;
    }
  }
  return {};
}

/// Why a promise cannot be looked at any more; empty: it can.
std::string why_void(const Snapshot& snapshot, const Policy& policy, GangId gang,
                     std::optional<std::size_t> group) {
  const std::string job = "job " + format(gang.job);
  if (!group) return job + " no longer waits";
  const WaitingGroup& waiting = snapshot.waiting[*group];
  if (policy.promises == 0) return "the policy " + std::string(policy.name) + " promises no starts";
  if (!waiting.after.empty()) return job + " waits for job " + format(waiting.after.front());
  if (gang.index != waiting.first)
    return "gang " + format(GangId{gang.job, waiting.first}) + " of the same job goes first";
  return {};
}

}  // namespace

std::optional<Opening> earliest(Desk& desk, const Shape& shape, std::optional<Span> time) {
  // 1. By the ends that are known.
  std::vector<const Held*> by_end;
  for (const Held& held : desk.held) by_end.push_back(&held);
  std::stable_sort(by_end.begin(), by_end.end(),
                   [](const Held* a, const Held* b) { return a->end < b->end; });
  FreeState free = desk.free;
  std::size_t released = 0;
  for (const Time at : ends_ahead(desk)) {
    for (; released < by_end.size() && by_end[released]->end <= at; ++released)
      free.give_back(*by_end[released]->allocation);
    const Time until = time ? at + *time : never;
    auto allocation =
        desk.reserved.empty()
            ? place_first(desk, shape, free)
            : place_first(desk, shape, without_reserved(free, desk.reserved, at, until));
    if (allocation) return Opening{at, 0, std::move(*allocation)};
  }
  // 2. As though those who have held longest ended first.
  free = without_reserved(desk.free, desk.reserved, never, never);
  for (std::size_t i = 0; i < desk.held.size(); ++i) {
    free.give_back(*desk.held[i].allocation);
    if (auto allocation = place_first(desk, shape, free))
      return Opening{never, i + 1, std::move(*allocation)};
  }
  return std::nullopt;
}

Attempt try_now(Desk& desk, const Shape& shape, Time end) {
  Attempt attempt;
  FreeState open = desk.free;
  for (std::size_t i = 0; i < desk.reserved.size(); ++i) {
    if (!desk.reserved[i].conflicts(end)) continue;
    if (!attempt.delays) attempt.delays = i;
    open.take(desk.reserved[i].opening.allocation);
  }
  bool room = false;
  for (const Wanted& wanted : shape.wanted) {
    // 1. Out of what is free and kept for nobody.
    if (attempt.allocation = place(wanted, open, desk.layouts); attempt.allocation) {
      attempt.delays.reset();
      return attempt;
    }
    if (!attempt.delays) continue;
    // 2. Out of all that is free, if those it is kept for still get theirs in time.
    auto allocation = place(wanted, desk.free, desk.layouts);
    if (!allocation) continue;
    room = true;
    if (auto moved = moved_aside(desk, *allocation, end)) {
      attempt.allocation = std::move(allocation);
      attempt.moved = std::move(moved);
      attempt.delays.reset();
      return attempt;
    }
  }
  if (!room) attempt.delays.reset();
  return attempt;
}

void keep_promises(Desk& desk, const Policy& policy, Plan& plan) {
  const Snapshot& snapshot = desk.snapshot;
  std::vector<PromiseMade> in_force = snapshot.promises;
  std::sort(in_force.begin(), in_force.end(), [](const PromiseMade& a, const PromiseMade& b) {
    return std::tie(a.start, a.gang) < std::tie(b.start, b.gang);
  });
  for (const PromiseMade& promise : in_force) {
    const auto index = find_group(snapshot, promise.gang);
    if (!index && is_held(snapshot, promise.gang)) continue;  // kept
    if (auto cause = why_void(snapshot, policy, promise.gang, index); !cause.empty()) {
      plan.given_up.push_back({promise.gang, std::move(cause)});
      continue;
    }
    const WaitingGroup& group = snapshot.waiting[*index];
    const Shape& shape = desk.shape_of(group);
    auto opening = earliest(desk, shape, group.time);
    // Somebody who overstays delays a start without anybody's doing: the promise stays, and nobody
    // may make it worse. That a device went is a cause.
    const Time late = std::max(promise.start, snapshot.now) + overdue_grace;
    if (!opening || opening->at > late) {
      std::string cause = what_is_missing(snapshot, shape);
      if (cause.empty() && !opening) cause = "there is no room for it on this cluster any more";
      if (!cause.empty()) {
        plan.given_up.push_back({promise.gang, std::move(cause)});
        continue;
      }
    }
    if (opening->at < promise.start) plan.promises.push_back({promise.gang, opening->at});
    const Time start = std::min(promise.start, opening->at);
    desk.reserved.push_back({*index, &shape, group.time, start, std::move(*opening)});
  }
}

const Reserved* keep_room(Desk& desk, const Shape& shape, std::size_t group, std::uint32_t first,
                          bool somebody_behind, Plan& plan) {
  for (const Reserved& reserved : desk.reserved)
    if (reserved.group == group) return &reserved;
  const WaitingGroup& waiting = desk.snapshot.waiting[group];
  auto opening = earliest(desk, shape, waiting.time);
  if (!opening) return nullptr;
  const Time start = opening->at;
  desk.reserved.push_back({group, &shape, waiting.time, start, std::move(*opening)});
  if (start != never && somebody_behind)
    plan.promises.push_back({GangId{waiting.job, first}, start});
  return &desk.reserved.back();
}

std::optional<Reserved> take_reserved(Desk& desk, std::size_t group) {
  const auto found = std::find_if(desk.reserved.begin(), desk.reserved.end(),
                                  [&](const Reserved& r) { return r.group == group; });
  if (found == desk.reserved.end()) return std::nullopt;
  Reserved reserved = std::move(*found);
  desk.reserved.erase(found);
  return reserved;
}

void put_back_reserved(Desk& desk, Reserved reserved) {
  const auto place = std::upper_bound(
      desk.reserved.begin(), desk.reserved.end(), reserved.promised,
      [](Time promised, const Reserved& other) { return promised < other.promised; });
  desk.reserved.insert(place, std::move(reserved));
}

}  // namespace gangline
