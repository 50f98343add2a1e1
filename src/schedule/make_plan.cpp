#include "schedule/make_plan.h"

#include <algorithm>
#include <memory>
#include <tuple>

#include "schedule/blockers.h"
#include "schedule/desk.h"
#include "schedule/promises.h"

namespace gangline {
namespace {

struct InOrder {
  std::int64_t priority = 0;
  Time submitted;
  JobId job;
  std::uint32_t first = 0;
  std::size_t group = 0;
};

/// Indices of the waiting groups: higher priority first, then who came first.
std::vector<std::size_t> in_order(const Snapshot& snapshot) {
  std::vector<InOrder> places;
  places.reserve(snapshot.waiting.size());
  for (std::size_t i = 0; i < snapshot.waiting.size(); ++i) {
    const WaitingGroup& group = snapshot.waiting[i];
    std::int64_t priority = group.priority;
    if (group.queue < snapshot.queues.size()) priority += snapshot.queues[group.queue].priority;
    places.push_back({priority, group.submitted, group.job, group.first, i});
  }
  std::sort(places.begin(), places.end(), [](const auto& a, const auto& b) {
    return std::tie(b.priority, a.submitted, a.job, a.first, a.group) <
           std::tie(a.priority, b.submitted, b.job, b.first, b.group);
  });
  std::vector<std::size_t> order;
  order.reserve(places.size());
  for (const InOrder& place : places) order.push_back(place.group);
  return order;
}

/// Starts gangs of the group one after another until one has no room or would delay a promise.
/// Returns how many.
std::uint32_t start_what_fits(Desk& desk, Shape& shape, std::size_t index, Plan& plan) {
  const WaitingGroup& group = desk.snapshot.waiting[index];
  const Time end = group.time ? desk.snapshot.now + *group.time : never;
  // What is kept for this group's first gang is for this start.
  const std::optional<Reserved> own = take_reserved(desk, index);
  std::uint32_t started = 0;
  while (started < group.count) {
    if (shape.no_room) break;
    if (!own && shape.denied_end && end >= *shape.denied_end) break;
    Attempt attempt = try_now(desk, shape, end);
    if (!attempt.allocation) {
      shape.no_room = !attempt.delays;
      if (attempt.delays) {
        const Reserved& kept = desk.reserved[*attempt.delays];
        shape.denied_end = end;
        shape.denied_by = PromisedToOther{desk.snapshot.waiting[kept.group].job, kept.promised};
      }
      break;
    }
    if (attempt.moved) desk.reserved = std::move(*attempt.moved);
    auto allocation = std::make_shared<const Allocation>(std::move(*attempt.allocation));
    plan.starts.push_back({group.job, group.first + started, 1, group.attempt, allocation});
    desk.start(group.job, std::move(allocation), end);
    ++started;
  }
  if (started == 0 && own) put_back_reserved(desk, *own);
  return started;
}

/// The gangs of the group that found no room take turns on the allocations that its first gangs got
/// (the last `started` starts of the plan). Each round hands out half of what is left, shared
/// evenly over all that the job holds, so that no allocation is left with a long tail while others
/// have none. Returns how many gangs have a start now.
std::uint32_t take_turns(Desk& desk, const WaitingGroup& group, std::uint32_t started, Plan& plan) {
  std::uint64_t width = started;
  for (const Holder& holder : desk.snapshot.holders) width += holder.job == group.job;
  const auto half_each = (group.count + 2 * width - 1) / (2 * width);
  const auto turns =
      static_cast<std::uint32_t>(std::clamp<std::uint64_t>(half_each, 1, group.turns));
  std::uint32_t given = 0;
  for (std::uint32_t i = 0; i < started; ++i) {
    Start& start = plan.starts[plan.starts.size() - started + i];
    Held& held = desk.held[desk.held.size() - started + i];
    // Those behind still need one gang each.
    start.first = group.first + given;
    start.count = std::min(turns, group.count - given - (started - i - 1));
    if (group.time) held.end = end_after(desk.snapshot.now, *group.time, start.count);
    given += start.count;
  }
  return given;
}

}  // namespace

Plan make_plan(const Snapshot& snapshot, const Policy& policy) {
  Plan plan;
  // 1. What is free, and who holds the rest until when.
  Desk desk(snapshot);
  // 2. Who goes first. Gangs that wait for other jobs are in nobody's way.
  const std::vector<std::size_t> order = in_order(snapshot);
  std::size_t last_ready = 0;
  for (std::size_t i = 0; i < order.size(); ++i)
    if (snapshot.waiting[order[i]].after.empty()) last_ready = i;
  // 3. Promises in force stay, or are given up for a cause.
  keep_promises(desk, policy, plan);
  // 4. In order, start what fits and delays nobody who was promised a start.
  std::optional<JobId> first_that_waits;
  std::vector<std::pair<std::size_t, Shape*>> no_room;  // waits whose reason is found at the end
  for (std::size_t i = 0; i < order.size(); ++i) {
    const WaitingGroup& group = snapshot.waiting[order[i]];
    Shape& shape = desk.shape_of(group);
    Wait wait{group.job, group.first, group.count, {}, never};
    if (shape.hopeless) {
      wait.blocker = NoSuchDevice{shape.hopeless->what};
    } else if (!group.after.empty()) {
      wait.blocker = WaitsForJobs{group.after};
    } else if (first_that_waits && !policy.overtake) {
      wait.blocker = BehindOther{*first_that_waits};
    } else {
      std::uint32_t started = start_what_fits(desk, shape, order[i], plan);
      const bool may_take_turns = started > 0 && started < group.count && group.turns > 1 &&
                                  !first_that_waits && desk.reserved.empty();
      if (may_take_turns) started = take_turns(desk, group, started, plan);
      if (started == group.count) continue;
      // 5. It waits. Keep room for it, if it is among the first. A promise that is older counts:
      //    whoever comes before it now has to wait until it is kept.
      wait.first += started;
      wait.count -= started;
      if (!first_that_waits) first_that_waits = group.job;
      const Reserved* kept = find_reserved(desk, order[i]);
      if (kept == nullptr && desk.reserved.size() < policy.promises)
        kept = keep_room(desk, shape, order[i], wait.first, i < last_ready, plan);
      if (kept != nullptr) wait.expected = kept->promised;
      if (shape.no_room) {
        no_room.emplace_back(plan.waits.size(), &shape);
      } else {
        wait.blocker = *shape.denied_by;
      }
    }
    plan.waits.push_back(std::move(wait));
  }
  // 6. Say why there is no room, now that all is given away.
  for (const auto& [wait, shape] : no_room) {
    if (!shape->blocker) shape->blocker = why_no_room(desk, *shape);
    plan.waits[wait].blocker = *shape->blocker;
  }
  return plan;
}

}  // namespace gangline
