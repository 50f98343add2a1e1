#include "plain_plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "plain_near.h"
#include "schedule/anew.h"
#include "schedule/place/place.h"
#include "schedule/promises.h"
#include "schedule/quota/limits.h"
#include "schedule/stops.h"

namespace gangline::worlds {
namespace {

/// Looking up nodes by what they are good for finds the same place as looking at each of them.
void check_place(const Desk& desk, const Shape& shape, std::string& wrong) {
  for (const Wanted& wanted : shape.wanted) {
    const auto quick = place(wanted, FreeView(desk.free));
    const auto plain = place(wanted, FreeView::plain(desk.free));
    if (quick != plain) wrong = "another place by looking up than by looking at each node";
    if (wanted.by_switch != nullptr && wanted.most_nodes == 0)
      check_near(wanted, FreeView(desk.free), quick, wrong);
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
  std::vector<Holder> leaving;
  std::vector<std::shared_ptr<const Allocation>> coming;

  bool overlaps(const Desk& desk, const Allocation& wanted, MpsOf of) const {
    for (const NodePart& part : wanted.parts) {
      FreeNode node = desk.free.node(part.node.n);
      for (const auto& allocation : coming)
        for (const NodePart& one : allocation->parts)
          if (one.node == part.node) node.give_back(one, desk.kinds.node(part.node.n));
      for (const Holder& holder : leaving)
        for (const NodePart& one : holder.allocation->parts) {
          if (one.node != part.node) continue;
          node.take(one);
          if (holder.mps && of && *of != holder.user) node.bar(one);
        }
      if (!node.can_hold(part)) return true;
    }
    return false;
  }
};

struct Found {
  std::uint32_t started = 0, coming = 0;
  bool lacks_quota = false;
};

/// One plan on its way through those that wait.
struct Walk {
  Desk& desk;
  Plan& plan;
  Held held;
  std::map<WaitingId, std::uint32_t> started;
  std::set<WaitingId> coming;
  /// Limits that let nobody more start, with the first who wanted more than was left.
  std::map<std::pair<std::uint32_t, Account>, OrderKey> shut;
  bool somebody_waits = false;

  template <class Call>
  void each_limit(const Shape& shape, const Call& call) {
    for (const std::uint32_t queue : desk.quotas.rows_of(shape.queue, shape.user))
      for (const Account account : accounts)
        if (shape.charge.of(account) > 0 && desk.quotas.limit(queue, account)) call(queue, account);
  }
  /// The limits that leave less than one of this shape wants let nobody in any more.
  void shut_what_is_full(const Waits& waits) {
    each_limit(*waits.shape, [&](std::uint32_t queue, Account account) {
      if (waits.shape->charge.of(account) > *left_of_limit(desk, queue, account))
        shut.try_emplace({queue, account}, waits.place());
    });
  }
  bool is_shut(const Waits& waits) {
    bool any = desk.quotas.room_goes_to(waits.shape->queue).has_value();
    each_limit(*waits.shape, [&](std::uint32_t queue, Account account) {
      const auto from = shut.find({queue, account});
      any = any || (from != shut.end() && from->second <= waits.place());
    });
    return any;
  }
};

/// Those who are to leave so that the gang has room, and its place.
std::shared_ptr<const Allocation> make_room(Walk& walk, const Waits& waits, Time end) {
  Desk& desk = walk.desk;
  if (desk.policy.stops == MayStop::nobody) return nullptr;
  if (desk.policy.stops == MayStop::borrowers && !desk.guaranteed_first) return nullptr;
  const auto room = room_of_others(desk, waits, end);
  if (!room) return nullptr;
  for (const HeldId id : room->leave) {
    const Holder holder = desk.leave(id);
    if (!holder.stopping) walk.plan.stops.push_back({{holder.job, holder.first}, waits.group.job});
    walk.held.leaving.push_back(holder);
  }
  return room->allocation;
}

Found start_what_fits(Walk& walk, const Waits& waits, std::uint32_t before) {
  Desk& desk = walk.desk;
  const WaitingGroup& group = waits.group;
  const Time latest_end = waits.latest_end_from(desk.now);
  const std::optional<Reserved> own = take_reserved(desk, waits.key.id);
  Found found;
  for (std::uint32_t n = before; n < group.count; n = before + found.started + found.coming) {
    const bool is_own = own && own->first == group.first + n;
    const bool over_limit =
        !(is_own ? fits_limits_when_due(desk, *waits.shape) : fits_limits(desk, *waits.shape));
    const bool may_claim = desk.guaranteed_first && desk.policy.stops == MayStop::borrowers;
    found.lacks_quota = (over_limit && !may_claim) ||
                        (desk.guaranteed_first ? !is_within_guarantee(desk, *waits.shape)
                                               : own && !is_own && walk.is_shut(waits));
    if (found.lacks_quota) break;
    const bool tries = !over_limit || fits_limits_then(desk, *waits.shape);
    RoomNow::Attempt attempt;
    if (tries) attempt = RoomNow(desk).attempt(waits, is_own ? &*own : nullptr);
    const auto needs_others = [&](const Allocation& allocation, const Shape& of) {
      return !walk.held.leaving.empty() && walk.held.overlaps(desk, allocation, of.mps_of());
    };
    if (attempt.moved &&
        std::any_of(attempt.moved->begin(), attempt.moved->end(), [&](const Reserved& one) {
          return one.opening.at < desk.now + time_to_leave &&
                 needs_others(*one.opening.allocation, *one.shape);
        }))
      attempt = {};
    if (tries && is_own && (!attempt.allocation || needs_others(*attempt.allocation, *waits.shape)))
      if (auto kept = place_due(desk, *own);
          kept != nullptr && !needs_others(*kept, *waits.shape)) {
        attempt.allocation = std::move(kept);
        attempt.moved.reset();
      }
    bool made_room = false;
    if (!attempt.allocation) {
      attempt.allocation = make_room(walk, waits, latest_end);
      made_room = attempt.allocation != nullptr;
    }
    if (!attempt.allocation) {
      found.lacks_quota = over_limit;
      break;
    }
    if (attempt.moved) desk.reserved = *std::move(attempt.moved);
    const std::uint32_t gang = group.first + n;
    const bool comes = made_room || found.coming > 0 || over_limit ||
                       needs_others(*attempt.allocation, *waits.shape);
    const Time end = end_of(group, attempt.allocation->alternative, desk.now);
    Holder holder{group.job, gang,    1,           attempt.allocation, desk.now, end,
                  false,     nullptr, group.queue, group.user,         group.mps};
    if (comes) {
      ++found.coming;
      walk.held.coming.push_back(attempt.allocation);
      if (desk.guaranteed_first) desk.quotas.make_room_for(group.queue, group.job);
      holder.expected_end = latest_end + time_to_leave;
    } else {
      ++found.started;
      if (is_own) desk.quotas.keep_rest(group, waits.shape->charge, *attempt.allocation);
      walk.plan.starts.push_back({group.job, gang, 1, group.attempt, attempt.allocation});
      holder.waited = std::make_shared<const WaitingGroup>(group);
      if (desk.policy.stops != MayStop::nobody)
        walk.plan.again = std::min(walk.plan.again, desk.order.changes_at(holder, desk.now));
      holder.waited.reset();
    }
    if (comes) desk.quotas.comes(holder);
    desk.hold(std::move(holder));
  }
  if (found.started == 0 && own) put_back_reserved(desk, *own);
  return found;
}

/// See Planner::take_turns.
std::uint32_t take_turns(Desk& desk, const WaitingGroup& group, std::uint32_t before,
                         std::uint32_t started, Plan& plan) {
  const std::uint32_t count = group.count - before;
  const std::uint64_t width = desk.held.of_job(group.job);
  const std::uint64_t turns = std::max<std::uint64_t>(
      1, std::min<std::uint64_t>((count + 2 * width - 1) / (2 * width), group.turns));
  std::uint32_t given = 0;
  std::vector<Holder> holders;
  for (std::uint32_t i = 0; i < started; ++i) {
    Start& start = plan.starts[plan.starts.size() - started + i];
    const HeldId held = *desk.held.find(group.job, start.first);
    holders.push_back(desk.held.at(held));
    desk.let_go(held);
    start.first = group.first + before + given;
    start.count = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(turns, count - given - (started - i - 1)));
    given += start.count;
    holders.back().first = start.first;
    holders.back().count = start.count;
    holders.back().expected_end =
        end_of(group, start.allocation->alternative, desk.now, start.count);
  }
  for (Holder& holder : holders) desk.hold(std::move(holder));
  return given;
}

/// See MakingWay::choose_anew.
void choose_anew(Walk& walk) {
  Desk& desk = walk.desk;
  const ChosenAnew chosen = gangline::choose_anew(desk);
  std::vector<HeldId> leave = chosen.leave;
  for (const HeldId id : leave)
    walk.plan.stops.push_back({{desk.held.at(id).job, desk.held.at(id).first}, chosen.by});
  for (const HeldSince& place : desk.held.by_since())
    if (desk.held.at(place.id).stopping) leave.push_back(place.id);
  for (const HeldId id : leave) walk.held.leaving.push_back(desk.leave(id));
}

/// See Planner::promise_those_before.
void promise_those_before(Walk& walk, WaitingId place) {
  Desk& desk = walk.desk;
  for (const WaitingId id : desk.all_in_order()) {
    if (id == place || desk.reserved.size() >= desk.policy.promises) break;
    const Waits& waits = desk.waiting(id);
    if (waits.shape->hopeless || !waits.group.after.empty() || walk.coming.contains(id) ||
        walk.started[id] == waits.group.count || find_reserved(desk, id) != nullptr ||
        !fits_limits(desk, *waits.shape))
      continue;
    if (desk.guaranteed_first ? !is_within_guarantee(desk, *waits.shape) : walk.is_shut(waits))
      continue;
    keep_room(desk, id, walk.started[id]);
  }
}

void go_through_all(Walk& walk, std::string& wrong) {
  Desk& desk = walk.desk;
  for (const WaitingId id : desk.all_in_order()) {
    const Waits& waits = desk.waiting(id);
    const std::uint32_t before = walk.started[id];
    if (waits.shape->hopeless || !waits.group.after.empty() || before == waits.group.count)
      continue;
    if (walk.somebody_waits && !desk.policy.overtake) break;
    if (walk.coming.contains(id)) continue;
    if (!desk.guaranteed_first && find_reserved(desk, id) == nullptr) {
      walk.shut_what_is_full(waits);
      if (walk.is_shut(waits)) continue;
    }
    check_place(desk, *waits.shape, wrong);
    const bool kept = find_reserved(desk, id) != nullptr;
    const Found found = start_what_fits(walk, waits, before);
    std::uint32_t started = found.started;
    if (started > 0 && walk.held.leaving.empty() && before + started < waits.group.count &&
        waits.group.turns > 1 && !walk.somebody_waits && desk.reserved.empty() &&
        desk.set_aside.empty() && !desk.guaranteed_first)
      started = take_turns(desk, waits.group, before, started, walk.plan);
    walk.started[id] += started;
    if (found.coming > 0) walk.coming.insert(id);
    if (kept && walk.somebody_waits && find_reserved(desk, id) == nullptr)
      promise_those_before(walk, id);
    if (before + started + found.coming == waits.group.count) continue;
    if (found.lacks_quota) {
      walk.shut_what_is_full(waits);
      continue;
    }
    const std::size_t most = desk.most_promises(waits, !walk.somebody_waits);
    walk.somebody_waits = true;
    if (found.coming == 0 && desk.reserved.size() < most && find_reserved(desk, id) == nullptr)
      keep_room(desk, id, before + started);
  }
}

}  // namespace

Plan plain_plan(const Snapshot& snapshot, const Policy& policy, std::string& wrong) {
  Plan plan;
  Desk desk(snapshot, policy);
  plan.again = desk.let_late_go_first();
  keep_promises(desk, true, plan);
  check_outlook(desk, wrong);
  Walk walk{desk, plan, {}, {}, {}, {}, false};
  const bool anew = policy.stops == MayStop::chosen_anew;
  if (anew) choose_anew(walk);
  if (policy.goes_first == GoesFirst::fair_share)
    for (const std::size_t depth : desk.quotas.depths_with_guarantees()) {
      desk.guaranteed_first = depth;
      go_through_all(walk, wrong);
    }
  desk.guaranteed_first.reset();
  walk.shut.clear();
  go_through_all(walk, wrong);
  if (anew && !walk.held.leaving.empty()) plan.starts.clear();
  if (improves_last(policy)) improve_promises(desk);
  tell_promises(desk, plan);
  if (policy.stops != MayStop::nobody)
    for (const HeldSince& place : desk.held.by_since())
      plan.again =
          std::min(plan.again, desk.order.changes_at(desk.held.at(place.id), snapshot.now));
  return plan;
}

}  // namespace gangline::worlds
