#include "plain_plan.h"

#include <algorithm>

#include "schedule/place/place.h"
#include "schedule/promises.h"
#include "schedule/stops.h"

namespace gangline::worlds {
namespace {

/// Looking up nodes by what they are good for finds the same place as looking at each of them.
void check_place(const Desk& desk, const Shape& shape, std::string& wrong) {
  for (const Wanted& wanted : shape.wanted) {
    const auto quick = place(wanted, FreeView(desk.free));
    const auto plain = place(wanted, FreeView::plain(desk.free));
    if (quick != plain) wrong = "another place by looking up than by looking at each node";
    const std::uint64_t room = room_for(wanted, FreeView(desk.free));
    if (room != room_for(wanted, FreeView::plain(desk.free))) wrong = "another count of room";
    if (quick.has_value() && room < wanted.tasks) wrong = "a place that the count does not know";
    if (!quick && room >= wanted.tasks && wanted.most_nodes == 0) wrong = "room without a place";
  }
}

/// What the outlook says of the one promise is what a walk through all ends finds.
void check_outlook(Desk& desk, std::string& wrong) {
  const Outlook* outlook = desk.outlook();
  if (outlook == nullptr) return;
  const bool opens = outlook->opens_before(desk.now);
  const Reserved one = desk.reserved[0];
  desk.reserved.clear();
  const bool found = earliest(desk, *one.shape, one.time, one.opening.at).has_value();
  desk.reserved.push_back(one);
  if (opens != found) wrong = "the outlook of a promise is not what will be";
}

/// What is held really, though the desk shows those who are asked to leave as gone.
struct Held {
  std::vector<std::shared_ptr<const Allocation>> leaving, coming;

  bool overlaps(const Desk& desk, const Allocation& wanted) const {
    for (const NodePart& part : wanted.parts) {
      FreeNode node = desk.free.node(part.node.n);
      for (const auto& allocation : coming)
        for (const NodePart& one : allocation->parts)
          if (one.node == part.node) node.give_back(one, desk.kinds.node(part.node.n));
      for (const auto& allocation : leaving)
        for (const NodePart& one : allocation->parts)
          if (one.node == part.node) node.take(one);
      if (!node.can_hold(part)) return true;
    }
    return false;
  }
};

struct Found {
  std::uint32_t started = 0, coming = 0;
};

Found start_what_fits(Desk& desk, Held& held, const Waits& waits, Plan& plan) {
  const WaitingGroup& group = waits.group;
  const Time end = group.time ? desk.now + *group.time : never;
  const std::optional<Reserved> own = take_reserved(desk, waits.key.id);
  Found found;
  for (std::uint32_t n = 0; n < group.count; n = found.started + found.coming) {
    RoomNow::Attempt attempt = RoomNow(desk).attempt(*waits.shape, end);
    if (!attempt.allocation && own && n == 0) attempt.allocation = place_due(desk, *own);
    bool made_room = false;
    if (!attempt.allocation && desk.policy.stops != MayStop::nobody) {
      const auto room = room_of_others(desk, waits, end);
      if (!room) break;
      made_room = true;
      attempt.allocation = room->allocation;
      for (const HeldId id : room->leave) {
        const Holder& holder = desk.held.at(id);
        if (!holder.stopping) plan.stops.push_back({{holder.job, holder.first}, group.job});
        held.leaving.push_back(holder.allocation);
        desk.let_go(id);
      }
    }
    if (!attempt.allocation) break;
    if (attempt.moved) desk.reserved = *std::move(attempt.moved);
    const std::uint32_t gang = group.first + n;
    if (made_room || found.coming > 0 ||
        (!held.leaving.empty() && held.overlaps(desk, *attempt.allocation))) {
      ++found.coming;
      held.coming.push_back(attempt.allocation);
    } else {
      ++found.started;
      plan.starts.push_back({group.job, gang, 1, group.attempt, attempt.allocation});
    }
    Holder holder{group.job, gang, 1, attempt.allocation, desk.now, end};
    if (n >= found.started) holder.expected_end = end + time_to_leave;
    if (n < found.started) holder.waited = std::make_shared<const WaitingGroup>(group);
    desk.hold(std::move(holder));
  }
  if (found.started == 0 && own) put_back_reserved(desk, *own);
  return found;
}

/// See Planner::take_turns.
std::uint32_t take_turns(Desk& desk, const WaitingGroup& group, std::uint32_t started, Plan& plan) {
  const std::uint64_t width = desk.held.of_job(group.job);
  const std::uint64_t turns = std::max<std::uint64_t>(
      1, std::min<std::uint64_t>((group.count + 2 * width - 1) / (2 * width), group.turns));
  std::uint32_t given = 0;
  std::vector<Holder> holders;
  for (std::uint32_t i = 0; i < started; ++i) {
    Start& start = plan.starts[plan.starts.size() - started + i];
    const HeldId held = *desk.held.find(group.job, start.first);
    holders.push_back(desk.held.at(held));
    desk.let_go(held);
    start.first = group.first + given;
    start.count = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(turns, group.count - given - (started - i - 1)));
    given += start.count;
    holders.back().first = start.first;
    holders.back().count = start.count;
    if (group.time) holders.back().expected_end = end_after(desk.now, *group.time, start.count);
  }
  for (Holder& holder : holders) desk.hold(std::move(holder));
  return given;
}

}  // namespace

Plan plain_plan(const Snapshot& snapshot, const Policy& policy, std::string& wrong) {
  Plan plan;
  Desk desk(snapshot, policy);
  plan.again = desk.let_late_go_first();
  keep_promises(desk, true, plan);
  check_outlook(desk, wrong);
  bool somebody_waits = false;
  Held held;
  for (const WaitingId id : desk.all_in_order()) {
    const Waits& waits = desk.waiting(id);
    if (waits.shape->hopeless || !waits.group.after.empty()) continue;
    if (somebody_waits && !policy.overtake) break;
    check_place(desk, *waits.shape, wrong);
    const Found found = start_what_fits(desk, held, waits, plan);
    std::uint32_t started = found.started;
    if (started > 0 && held.leaving.empty() && started < waits.group.count &&
        waits.group.turns > 1 && !somebody_waits && desk.reserved.empty())
      started = take_turns(desk, waits.group, started, plan);
    if (started + found.coming == waits.group.count) continue;
    const std::size_t most = desk.most_promises(waits, !somebody_waits);
    somebody_waits = true;
    if (found.coming == 0 && desk.reserved.size() < most && find_reserved(desk, id) == nullptr)
      keep_room(desk, id, started);
  }
  if (policy.stops != MayStop::nobody) improve_promises(desk);
  tell_promises(desk, plan);
  if (policy.stops != MayStop::nobody)
    for (const HeldSince& place : desk.held.by_since())
      plan.again =
          std::min(plan.again, desk.order.changes_at(desk.held.at(place.id), snapshot.now));
  return plan;
}

}  // namespace gangline::worlds
