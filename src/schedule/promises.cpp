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

void take_reserved_from(FreeState& free, const std::vector<Reserved>& reserved, Time from,
                        Time until) {
  for (const Reserved& other : reserved)
    if (meets(other, from, until)) free.take(other.opening.allocation);
}

/// Now and the times at which something ends, each once, ascending.
std::vector<Time> times_ahead(const Desk& desk) {
  std::vector<Time> ends{desk.snapshot.now};
  for (const Held& held : desk.held)
    if (held.end != never) ends.push_back(held.end);
  for (const Reserved& reserved : desk.reserved)
    if (reserved.end() != never) ends.push_back(reserved.end());
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  return ends;
}

/// Whether number `i` of those that hold has ended when this opening comes.
bool has_ended(const Desk& desk, std::size_t i, const Opening& opening) {
  const Held& held = desk.held[i];
  if (opening.at == never) return i < opening.released;
  return held.end <= opening.at || (opening.after_overdue && held.overdue);
}

/// What is free when this opening comes, less what is kept for others at any time until `until`.
/// What others leave comes first: room that is kept may be room that they still hold now.
FreeState free_at(const Desk& desk, const Opening& opening, const std::vector<Reserved>& others,
                  Time until) {
  FreeState free = desk.free;
  for (std::size_t i = 0; i < desk.held.size(); ++i)
    if (has_ended(desk, i, opening)) free.give_back(*desk.held[i].allocation);
  take_reserved_from(free, others, opening.at, until);
  return free;
}

/// Room at the time of this opening for as long as the gang may run, if there is.
std::optional<Opening> room_at(Desk& desk, const Shape& shape, std::optional<Span> time,
                               Opening opening) {
  const Time until = time ? opening.at + *time : never;
  auto allocation = place_first(desk, shape, free_at(desk, opening, desk.reserved, until));
  if (!allocation) return std::nullopt;
  opening.allocation = std::move(*allocation);
  return opening;
}

/// Every kept room again, with `extra` held for longer than that room can wait; none if one of them
/// would be delayed.
std::optional<std::vector<Reserved>> moved_aside(Desk& desk, const Allocation& extra, Time end) {
  std::vector<Reserved> moved;
  for (const Reserved& reserved : desk.reserved) {
    FreeState free = free_at(desk, reserved.opening, moved, reserved.end());
    if (reserved.conflicts(end)) free.take(extra);
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

/// A promise in force, for the first gang of a waiting group.
struct InForce {
  PromiseMade made;
  std::size_t group = 0;
  const Shape* shape = nullptr;
};

/// Room for the gang at the promised time, or as soon as those have ended who should have by now.
/// Somebody who overstays delays a start without anybody's doing: the promise stays, and nobody may
/// make it worse.
std::optional<Opening> as_promised(Desk& desk, const InForce& promise) {
  const auto& time = desk.snapshot.waiting[promise.group].time;
  const Time due = std::max(promise.made.start, desk.snapshot.now);
  for (const bool after_overdue : {false, true})
    if (auto opening = room_at(desk, *promise.shape, time, {due, 0, after_overdue, {}}))
      return opening;
  return std::nullopt;
}

void reserve(Desk& desk, const InForce& promise, Opening opening) {
  desk.reserved.push_back({promise.group, promise.shape, desk.snapshot.waiting[promise.group].time,
                           promise.made.start, std::move(opening)});
}

/// Keeps room for each promise. Returns the first that finds none.
std::optional<std::size_t> keep_in_order(Desk& desk, const std::vector<InForce>& promises) {
  for (std::size_t i = 0; i < promises.size(); ++i) {
    auto opening = as_promised(desk, promises[i]);
    if (!opening) return i;
    reserve(desk, promises[i], std::move(*opening));
  }
  return std::nullopt;
}

void keep_what_can_be(Desk& desk, const std::vector<InForce>& promises, Plan& plan) {
  for (const InForce& promise : promises) {
    auto opening = as_promised(desk, promise);
    if (!opening) {
      std::string cause = what_is_missing(desk.snapshot, *promise.shape);
      if (cause.empty())
        opening = earliest(desk, *promise.shape, desk.snapshot.waiting[promise.group].time);
      if (cause.empty() && !opening) cause = "others ran past their time limits";
      if (!cause.empty()) plan.given_up.push_back({promise.made.gang, std::move(cause)});
    }
    if (opening) reserve(desk, promise, std::move(*opening));
  }
}

/// Moves kept room forward where that is possible without moving that of others.
void improve(Desk& desk, Plan& plan) {
  for (std::size_t i = 0; i < desk.reserved.size(); ++i) {
    Reserved one = std::move(desk.reserved[i]);
    desk.reserved.erase(desk.reserved.begin() + static_cast<std::ptrdiff_t>(i));
    auto opening = earliest(desk, *one.shape, one.time);
    if (opening && opening->at < std::min(one.promised, one.opening.at)) {
      one.promised = opening->at;
      one.opening = std::move(*opening);
      const WaitingGroup& group = desk.snapshot.waiting[one.group];
      if (one.promised > desk.snapshot.now)
        plan.promises.push_back({GangId{group.job, group.first}, one.promised});
    }
    desk.reserved.insert(desk.reserved.begin() + static_cast<std::ptrdiff_t>(i), std::move(one));
  }
}

}  // namespace

std::optional<Opening> earliest(Desk& desk, const Shape& shape, std::optional<Span> time) {
  const auto place_beside_reserved = [&](FreeState free, Time from, Time until) {
    take_reserved_from(free, desk.reserved, from, until);
    return place_first(desk, shape, free);
  };
  // 1. By the ends that are known.
  std::vector<const Held*> by_end;
  for (const Held& held : desk.held) by_end.push_back(&held);
  std::stable_sort(by_end.begin(), by_end.end(),
                   [](const Held* a, const Held* b) { return a->end < b->end; });
  FreeState free = desk.free;
  std::size_t ended = 0;
  for (const Time at : times_ahead(desk)) {
    for (; ended < by_end.size() && by_end[ended]->end <= at; ++ended)
      free.give_back(*by_end[ended]->allocation);
    if (auto allocation = place_beside_reserved(free, at, time ? at + *time : never))
      return Opening{at, 0, false, std::move(*allocation)};
  }
  // 2. As though those who have held longest ended first.
  free = desk.free;
  for (std::size_t i = 0; i < desk.held.size(); ++i) {
    free.give_back(*desk.held[i].allocation);
    if (auto allocation = place_beside_reserved(free, never, never))
      return Opening{never, i + 1, false, std::move(*allocation)};
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
  // 1. Those that can be looked at: their gang waits, first of its group.
  std::vector<InForce> promises;
  for (const PromiseMade& made : snapshot.promises) {
    const auto group = find_group(snapshot, made.gang);
    if (!group && is_held(snapshot, made.gang)) continue;  // kept
    if (auto cause = why_void(snapshot, policy, made.gang, group); !cause.empty())
      plan.given_up.push_back({made.gang, std::move(cause)});
    else promises.push_back({made, *group, &desk.shape_of(snapshot.waiting[*group])});
  }
  std::sort(promises.begin(), promises.end(), [](const InForce& a, const InForce& b) {
    return std::tie(a.made.start, a.made.gang) < std::tie(b.made.start, b.made.gang);
  });
  // 2. Room for all of them at their times. One that finds none because another chose badly
  //    chooses before it.
  const std::vector<InForce> by_time = promises;
  for (std::size_t tries = 0; tries < by_time.size(); ++tries) {
    const auto without = keep_in_order(desk, promises);
    if (!without) break;
    desk.reserved.clear();
    std::rotate(promises.begin(), promises.begin() + static_cast<std::ptrdiff_t>(*without),
                promises.begin() + static_cast<std::ptrdiff_t>(*without) + 1);
  }
  // 3. Those that cannot be kept are given up for what is missing.
  if (desk.reserved.empty()) keep_what_can_be(desk, by_time, plan);
  // 4. What became possible earlier is promised earlier; where it is now, it starts in this plan.
  improve(desk, plan);
}

const Reserved* keep_room(Desk& desk, const Shape& shape, std::size_t group, std::uint32_t first,
                          bool somebody_behind, Plan& plan) {
  const WaitingGroup& waiting = desk.snapshot.waiting[group];
  auto opening = earliest(desk, shape, waiting.time);
  if (!opening) return nullptr;
  const Time start = opening->at;
  desk.reserved.push_back({group, &shape, waiting.time, start, std::move(*opening)});
  if (start != never && (somebody_behind || waiting.count == 1))
    plan.promises.push_back({GangId{waiting.job, first}, start});
  return &desk.reserved.back();
}

const Reserved* find_reserved(const Desk& desk, std::size_t group) {
  for (const Reserved& reserved : desk.reserved)
    if (reserved.group == group) return &reserved;
  return nullptr;
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
