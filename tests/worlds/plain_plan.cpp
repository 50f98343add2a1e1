#include "plain_plan.h"

#include <algorithm>

#include "schedule/place/place.h"
#include "schedule/promises.h"

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

std::uint32_t start_what_fits(Desk& desk, const Waits& waits, Plan& plan) {
  const WaitingGroup& group = waits.group;
  const Time end = group.time ? desk.now + *group.time : never;
  const std::optional<Reserved> own = take_reserved(desk, waits.key.id);
  std::uint32_t started = 0;
  for (; started < group.count; ++started) {
    RoomNow::Attempt attempt = RoomNow(desk).attempt(*waits.shape, end);
    if (!attempt.allocation && own && started == 0) attempt.allocation = place_due(desk, *own);
    if (!attempt.allocation) break;
    if (attempt.moved) desk.reserved = *std::move(attempt.moved);
    const std::uint32_t gang = group.first + started;
    plan.starts.push_back({group.job, gang, 1, group.attempt, attempt.allocation});
    desk.hold({group.job, gang, 1, attempt.allocation, desk.now, end});
  }
  if (started == 0 && own) put_back_reserved(desk, *own);
  return started;
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
  keep_promises(desk, true, plan);
  check_outlook(desk, wrong);
  bool somebody_waits = false;
  for (const WaitingId id : desk.all_in_order()) {
    const Waits& waits = desk.waiting(id);
    if (waits.shape->hopeless || !waits.group.after.empty()) continue;
    if (somebody_waits && !policy.overtake) break;
    check_place(desk, *waits.shape, wrong);
    std::uint32_t started = start_what_fits(desk, waits, plan);
    if (started > 0 && started < waits.group.count && waits.group.turns > 1 && !somebody_waits &&
        desk.reserved.empty())
      started = take_turns(desk, waits.group, started, plan);
    if (started == waits.group.count) continue;
    somebody_waits = true;
    if (desk.reserved.size() < policy.promises && find_reserved(desk, id) == nullptr)
      keep_room(desk, id, started);
  }
  tell_promises(desk, plan);
  return plan;
}

}  // namespace gangline::worlds
