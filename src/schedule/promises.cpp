#include "schedule/promises.h"

#include <algorithm>
#include <limits>
#include <string>
#include <tuple>

#include "base/check.h"
#include "base/text.h"
#include "schedule/ahead.h"
#include "schedule/place/place.h"
#include "schedule/quota/limits.h"
#include "schedule/reserve/prefer_own.h"
#include "schedule/stops.h"

namespace gangline {
namespace {

/// Room at the time of this opening for as long as the gang may run, if there is: just there, if
/// `where` is free, or anywhere.
std::optional<Opening> room_at(const Desk& desk, const Shape& shape, std::optional<Span> time,
                               Opening opening, const std::shared_ptr<const Allocation>& where) {
  const Time until = time ? opening.at + *time : never;
  if (where && is_free_at(desk, shape, *where, opening, desk.reserved, until, nullptr))
    opening.allocation = where;
  else opening.allocation = place_first(shape, free_at(desk, shape, opening, desk.reserved, until));
  if (!opening.allocation) return std::nullopt;
  return opening;
}

/// Every kept room again, with `extra` held by one whom this MPS serves until `end`, for longer
/// than some of that room can wait; none if one of them would be delayed: `delayed`, unless it is
/// null, is the first. What is kept for the group `own` counts for nothing.
std::optional<std::vector<Reserved>> moved_aside(const Desk& desk, const Allocation& extra,
                                                 MpsOf of, Time end, std::size_t* delayed = nullptr,
                                                 std::optional<WaitingId> own = std::nullopt) {
  std::vector<Reserved> moved;
  for (std::size_t i = 0; i < desk.reserved.size(); ++i) {
    const Reserved& reserved = desk.reserved[i];
    if (reserved.group == own) continue;
    const bool in_its_way = reserved.conflicts(end);
    moved.push_back(reserved);
    const std::span<const Reserved> before(moved.data(), moved.size() - 1);
    if (is_free_at(desk, *reserved.shape, *reserved.opening.allocation, reserved.opening, before,
                   reserved.end(), in_its_way ? &extra : nullptr, of))
      continue;
    FreeView free = free_at(desk, *reserved.shape, reserved.opening, before, reserved.end());
    if (in_its_way) free.take(extra, of);
    auto allocation = place_first(*reserved.shape, free);
    if (!allocation) {
      if (delayed != nullptr) *delayed = i;
      return std::nullopt;
    }
    moved.back().opening.allocation = std::move(allocation);
  }
  return moved;
}

/// A node or device that this shape could use if it were there: "device a:3 is not found now".
/// Empty: nothing is missing.
std::string what_is_missing(const Desk& desk, const Shape& shape) {
  const auto could_use = [&](const Device& device) {
    return std::any_of(shape.request->alternatives.begin(), shape.request->alternatives.end(),
                       [&](const TaskRequest& task) {
                         return task.devices && device.allottable && matches(device, *task.devices);
                       });
  };
  for (std::uint32_t n = 0; n < desk.cluster->nodes.size(); ++n) {
    const Node& node = desk.cluster->nodes[n];
    if (node.elsewhere) continue;
    if (!node.up) return "node " + node.name + " is down";
    for (std::uint32_t d = 0; d < node.devices.size(); ++d) {
      if (!could_use(node.devices[d])) continue;
      const std::string name = "device " + node.name + ":" + std::to_string(d);
      if (!node.devices[d].present) return name + " is not found now";
      const ForeignUse* use = foreign_use_of(*desk.cluster, desk.foreign, {{n}, d});
      if (use != nullptr && (use->leased || !shape.allow_foreign))
        return name + " is in use by " + use->holder;
    }
  }
  return {};
}

/// Why a promise cannot be looked at any more; empty: it can.
std::string why_void(const Desk& desk, GangId gang, std::optional<WaitingId> group) {
  const std::string job = "job " + format(gang.job);
  if (!group) return job + " no longer waits";
  const WaitingGroup& waiting = desk.waiting(*group).group;
  if (desk.policy.promises == 0)
    return "the policy " + std::string(desk.policy.name) + " promises no starts";
  if (!waiting.after.empty()) return job + " waits for job " + format(waiting.after.front());
  if (gang.index != waiting.first)
    return "gang " + format(GangId{gang.job, waiting.first}) + " of the same job goes first";
  return {};
}

/// A limit that was lowered leaves no room for it beside what is held and was promised before.
std::string why_over_limit(const Desk& desk, const LimitsLeft& left, const Waits& waits) {
  const auto row = left.row_without_room(*waits.shape);
  const HouseRule* rule = row ? desk.quotas.rule(*row) : nullptr;
  if (rule != nullptr) return rule->says;
  return "the limit of queue " + desk.queues[waits.group.queue].name + " was lowered";
}

/// A promise in force, for the first gang of a waiting group.
struct InForce {
  PromiseMade made;
  WaitingId group = 0;
};

/// Room for the gang at the promised time, or as soon as those have ended who should have by now.
/// Somebody who overstays delays a start without anybody's doing: the promise stays, and nobody may
/// make it worse.
std::optional<Opening> as_promised(const Desk& desk, const InForce& promise) {
  const Waits& waits = desk.waiting(promise.group);
  const Time due = std::max(promise.made.start, desk.now);
  for (const bool after_overdue : {false, true})
    if (auto opening = room_at(desk, *waits.shape, waits.longest,
                               {due, std::nullopt, after_overdue, nullptr}, promise.made.where))
      return opening;
  return std::nullopt;
}

/// What was set aside since it was promised; empty: nothing that is in its way.
std::string what_was_set_aside(const Desk& desk, const InForce& promise) {
  const Waits& waits = desk.waiting(promise.group);
  const Time due = std::max(promise.made.start, desk.now);
  const SetAside* aside = first_set_aside(desk, *waits.shape, due, waits.latest_end_from(due));
  return aside == nullptr ? "" : "it would reach into " + aside->says;
}

void reserve(Desk& desk, const InForce& promise, Opening opening) {
  const Waits& waits = desk.waiting(promise.group);
  desk.reserved.push_back({promise.group, waits.group.first, waits.shape, waits.longest,
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
      const Waits& waits = desk.waiting(promise.group);
      std::string cause = what_is_missing(desk, *waits.shape);
      // Others who miss something may have had to move to where its room was.
      for (const InForce& other : promises)
        if (cause.empty()) cause = what_is_missing(desk, *desk.waiting(other.group).shape);
      for (const InForce& other : promises)
        if (cause.empty()) cause = what_was_set_aside(desk, other);
      if (cause.empty()) opening = earliest(desk, *waits.shape, waits.longest);
      if (cause.empty() && !opening) cause = "others ran past their time limits";
      if (!cause.empty()) plan.given_up.push_back({promise.made.gang, std::move(cause)});
    }
    if (opening) reserve(desk, promise, std::move(*opening));
  }
}

/// Ends that lie ahead, in the order of time, those of one time together.
class EndsAhead {
 public:
  explicit EndsAhead(const Desk& desk)
      : desk_(desk),
        next_(desk.held.by_end().lower_bound(
            {desk.now + Span{1}, {Time{std::numeric_limits<std::int64_t>::min()}, {}, 0, 0}})) {
    if (next_ != desk.held.by_end().begin()) overdue_ = desk.now + overdue_grace;
    for (const Reserved& reserved : desk.reserved)
      if (reserved.end() != never) kept_.push_back(reserved.end());
    for (const Time at : desk.times_of_opening()) kept_.push_back(at);
    std::sort(kept_.begin(), kept_.end(), std::greater<>());
  }

  /// The next time at which something ends or kept room is over; empty: no other is known.
  std::optional<Time> next() const {
    Time at = overdue_;
    if (next_ != desk_.held.by_end().end()) at = std::min(at, next_->first);
    if (!kept_.empty()) at = std::min(at, kept_.back());
    if (at == never) return std::nullopt;
    return at;
  }
  /// Hands over those that end by then.
  template <class Call>
  void pass(Time at, const Call& call) {
    const auto& by_end = desk_.held.by_end();
    for (; next_ != by_end.end() && next_->first <= at; ++next_) call(next_->second.id);
    if (overdue_ <= at) {
      for (auto it = by_end.begin(); it != by_end.end() && it->first <= desk_.now; ++it)
        call(it->second.id);
      overdue_ = never;
    }
    while (!kept_.empty() && kept_.back() <= at) kept_.pop_back();
  }

 private:
  const Desk& desk_;
  Holdings::ByEnd::const_iterator next_;
  Time overdue_ = never;
  std::vector<Time> kept_;  // latest in front
};

}  // namespace

std::optional<Opening> earliest(const Desk& desk, const Shape& shape, std::optional<Span> time,
                                std::optional<Time> before) {
  std::optional<RoomCount> room(std::in_place, desk, shape);
  const auto opens = [&](Time from) -> std::shared_ptr<const Allocation> {
    if (!room->is_enough() || (from != never && desk.is_closed_to(shape, from))) return nullptr;
    auto allocation =
        place_beside_reserved(desk, shape, room->view(), from, time ? from + *time : never);
    // Who was asked to leave may take their time.
    const bool too_early = from < desk.now + time_to_leave;
    if (allocation && too_early && desk.is_being_left(*allocation)) return nullptr;
    return allocation;
  };
  // 1. By the ends that are known.
  EndsAhead ends(desk);
  for (std::optional<Time> at = desk.now; at && (!before || *at < *before); at = ends.next()) {
    std::optional<HeldSince> last;
    std::shared_ptr<const Allocation> allocation;
    ends.pass(*at, [&](HeldId id) {
      if (allocation != nullptr) return;
      const Holder& holder = desk.held.at(id);
      room->give_back(holder);
      if (desk.policy.keeps != Keeps::counted || desk.held.is_overdue(id, desk.now)) return;
      allocation = opens(*at);
      last = HeldSince{holder.since, holder.job, holder.first, id};
    });
    if (allocation == nullptr) {
      last.reset();
      allocation = opens(*at);
    }
    if (allocation != nullptr) return Opening{*at, last, false, std::move(allocation)};
  }
  if (before) return std::nullopt;
  // 2. As though those who have held longest ended first.
  room.emplace(desk, shape);
  for (const auto& place : desk.held.by_since()) {
    room->give_back(desk.held.at(place.id));
    if (auto allocation = opens(never)) return Opening{never, place, false, std::move(allocation)};
  }
  return std::nullopt;
}

const FreeView& RoomNow::all_for(const Shape& shape) const {
  if (!desk_.is_barred_somewhere(shape)) return all_;
  return all_of_mps_.emplace(desk_.view_for(shape));
}

const FreeView& RoomNow::open_beside(const InTheWay& way) {
  const MpsOf viewer = way.shape->mps_of();
  if (!open_ || open_->without != way.whose || open_->viewer != viewer) {
    open_.emplace(Open{way.whose, viewer, desk_.view_for(*way.shape)});
    for (std::size_t i = 0; i < way.whose.size(); ++i) {
      if (!way.whose[i]) continue;
      if (i < desk_.reserved.size())
        open_->view.take(*desk_.reserved[i].opening.allocation, desk_.reserved[i].shape->mps_of());
      else open_->view.take(*desk_.set_aside[i - desk_.reserved.size()].what);
    }
  }
  return open_->view;
}

void RoomNow::follow(const Allocation& allocation, const Shape& shape) {
  if (!open_) return;
  if (bars(shape.mps_of(), open_->viewer)) return forget();
  for (const NodePart& part : allocation.parts)
    if (open_->view.is_changed(part.node.n)) open_->view.edit(part.node.n).take(part);
}

RoomNow::Attempt RoomNow::attempt(const Waits& waits, const Reserved* own) {
  Attempt attempt;
  const bool just_there = desk_.policy.keeps == Keeps::machines;
  if (own != nullptr && just_there) attempt.allocation = place_due(desk_, *own);
  if (attempt.allocation == nullptr) attempt = attempt_anywhere(waits);
  if (own != nullptr && attempt.allocation == nullptr && !just_there)
    attempt.allocation = place_due(desk_, *own);
  return attempt;
}

RoomNow::InTheWay RoomNow::in_the_way(const Shape& shape, Time end) const {
  const std::size_t kept = desk_.reserved.size();
  InTheWay way{std::vector<bool>(kept + desk_.set_aside.size(), false), {}, {}, Time{0}, &shape};
  for (std::size_t i = 0; i < desk_.set_aside.size(); ++i) {
    const SetAside& one = desk_.set_aside[i];
    if (!one.meets(shape.user, desk_.now, end)) continue;
    way.whose[kept + i] = true;
    if (!way.aside || one.from < desk_.set_aside[*way.aside].from) way.aside = i;
    way.after = std::max(way.after, one.from);
  }
  for (std::size_t i = 0; i < kept; ++i) {
    way.whose[i] = desk_.reserved[i].conflicts(end);
    if (!way.whose[i]) continue;
    if (!way.first) way.first = i;
    if (const Time at = desk_.reserved[i].opening.at; at != never)
      way.after = std::max(way.after, at);
  }
  return way;
}

std::optional<Allocation> RoomNow::place_beside_set_aside(const Wanted& wanted,
                                                          const InTheWay& way) const {
  if (!way.aside) return place(wanted, all_for(*way.shape));
  FreeView view = desk_.view_for(*way.shape);
  for (std::size_t i = 0; i < desk_.set_aside.size(); ++i)
    if (way.whose[desk_.reserved.size() + i]) view.take(*desk_.set_aside[i].what);
  return place(wanted, view);
}

const SetAside& RoomNow::that_decides(const Wanted& wanted, InTheWay way) const {
  const std::size_t kept = desk_.reserved.size();
  for (;;) {
    std::optional<std::size_t> first;  // to end of those that are left
    for (std::size_t i = 0; i < desk_.set_aside.size(); ++i)
      if (way.whose[kept + i] &&
          (!first || desk_.set_aside[i].until < desk_.set_aside[*first].until))
        first = i;
    CHECK(first.has_value());
    way.whose[kept + *first] = false;
    if (place_beside_set_aside(wanted, way)) return desk_.set_aside[*first];
  }
}

std::optional<SetAsideForOther> RoomNow::what_it_would_reach_into(const Waits& waits) const {
  const SetAside* decides = nullptr;
  bool timeless = false;
  if (desk_.set_aside.empty()) return std::nullopt;
  for (const Wanted& wanted : waits.shape->wanted) {
    const Time end = end_of(waits.group, wanted.alternative, desk_.now);
    InTheWay way = in_the_way(*waits.shape, end);
    if (place_beside_set_aside(wanted, way)) return std::nullopt;
    if (!way.aside || !place(wanted, all_for(*waits.shape))) continue;
    const SetAside& one = that_decides(wanted, way);
    if (decides == nullptr || one.until < decides->until) decides = &one;
    // With a time limit it might end before what lies ahead, if that alone is in its way.
    for (std::size_t i = 0; i < desk_.set_aside.size(); ++i)
      if (desk_.set_aside[i].from > desk_.now) way.whose[desk_.reserved.size() + i] = false;
    timeless = timeless || (!waits.longest && place_beside_set_aside(wanted, way).has_value());
  }
  if (decides == nullptr) return std::nullopt;
  return SetAsideForOther{decides->says, timeless};
}

std::optional<Allocation> RoomNow::place_own_first(const Shape& shape, const Wanted& wanted,
                                                   const FreeView& free) const {
  if (!desk_.set_aside.empty())
    if (const auto own = own_of(desk_, shape, wanted, free))
      if (auto allocation = place(wanted, *own)) return allocation;
  return place(wanted, free);
}

RoomNow::Attempt RoomNow::attempt_anywhere(const Waits& waits) {
  const Shape& shape = *waits.shape;
  Attempt attempt;
  bool room = false;
  std::optional<InTheWay> way;
  for (const Wanted& wanted : shape.wanted) {
    const Time end = end_of(waits.group, wanted.alternative, desk_.now);
    if (!way || shape.rated) way = in_the_way(shape, end);
    // 1. Out of what is free and kept for nobody.
    const bool some = way->first || way->aside;
    if (auto allocation =
            place_own_first(shape, wanted, some ? open_beside(*way) : all_for(shape))) {
      attempt.allocation = std::make_shared<const Allocation>(std::move(*allocation));
      attempt.delays.reset();
      attempt.reaches_into = false;
      return attempt;
    }
    if (!some) continue;
    // 2. Out of all that is free and not set aside, if those it is kept for still get theirs in
    //    time.
    const auto allocation = place_beside_set_aside(wanted, *way);
    if (!allocation && !(way->aside && place(wanted, all_for(shape)))) continue;
    if (allocation && !attempt.delays) attempt.delays = way->first;
    if (!allocation) attempt.reaches_into = true;
    // The ends of alternatives that are not as fast as each other move apart with the time.
    attempt.denied_after = shape.rated ? never : way->after;
    const Outlook* outlook = desk_.outlook();
    const std::int64_t loss = outlook == nullptr || !allocation ? 0 : outlook->loss(*allocation);
    attempt.loss = room ? std::min(attempt.loss, loss) : loss;
    room = true;
    if (!allocation) continue;
    if (outlook != nullptr && loss > outlook->spare()) continue;
    if (desk_.policy.keeps == Keeps::machines) continue;
    if (auto moved = moved_aside(desk_, *allocation, shape.mps_of(), end)) {
      attempt.allocation = std::make_shared<const Allocation>(*allocation);
      attempt.moved = std::move(moved);
      attempt.delays.reset();
      attempt.reaches_into = false;
      return attempt;
    }
  }
  return attempt;
}

std::optional<std::size_t> RoomNow::whom_it_would_delay(const Waits& waits) {
  open_.reset();                     // promises may have been improved since
  std::optional<std::size_t> first;  // to start, of all whose room is in its way
  const auto gang_of = [&](std::size_t i) {
    const Reserved& one = desk_.reserved[i];
    return std::pair(one.promised, GangId{desk_.waiting(one.group).group.job, one.first});
  };
  for (const Wanted& wanted : waits.shape->wanted) {
    const Time end = end_of(waits.group, wanted.alternative, desk_.now);
    InTheWay way = in_the_way(*waits.shape, end);
    const auto allocation = place_beside_set_aside(wanted, way);
    if (!allocation) continue;
    std::size_t others = 0;
    for (std::size_t i = 0; i < desk_.reserved.size(); ++i) {
      if (desk_.reserved[i].group == waits.key.id) way.whose[i] = false;
      if (!way.whose[i]) continue;
      ++others;
      if (!first || gang_of(i) < gang_of(*first)) first = i;
    }
    if (place(wanted, open_beside(way))) return std::nullopt;
    std::size_t delayed = 0;
    if (others > 1 &&
        !moved_aside(desk_, *allocation, waits.shape->mps_of(), end, &delayed, waits.key.id))
      return delayed;
  }
  return first;
}

void keep_promises(Desk& desk, bool freed, Plan& plan) {
  desk.reserved.clear();
  // 1. Those that can be looked at: their gang waits, first of its group.
  std::vector<InForce> promises;
  for (const auto& [gang, made] : desk.promises) {
    const auto group = desk.group_of(gang);
    if (!group && desk.held.holds(gang)) continue;  // kept
    if (auto cause = why_void(desk, gang, group); !cause.empty())
      plan.given_up.push_back({gang, std::move(cause)});
    else promises.push_back({made, *group});
  }
  std::sort(promises.begin(), promises.end(), [](const InForce& a, const InForce& b) {
    return std::tie(a.made.start, a.made.gang) < std::tie(b.made.start, b.made.gang);
  });
  if (desk.quotas.has_limits()) {
    LimitsLeft left(desk);
    std::erase_if(promises, [&](const InForce& promise) {
      const Waits& waits = desk.waiting(promise.group);
      if (left.take(*waits.shape)) return false;
      plan.given_up.push_back({promise.made.gang, why_over_limit(desk, left, waits)});
      return true;
    });
  }
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
  //    Where more counts than the time, it is looked for anew each time.
  const bool anew = desk.policy.keeps != Keeps::room;
  if ((freed || anew) && !improves_last(desk.policy)) improve_promises(desk);
}

bool improves_last(const Policy& policy) {
  // What was freed because somebody was stopped for others is theirs first.
  return policy.stops != MayStop::nobody || policy.goes_first == GoesFirst::fair_share;
}

void improve_promises(Desk& desk) {
  const Keeps keeps = desk.policy.keeps;
  if (keeps == Keeps::machines)
    std::sort(desk.reserved.begin(), desk.reserved.end(),
              [&](const Reserved& a, const Reserved& b) {
                return desk.waiting(a.group).place() < desk.waiting(b.group).place();
              });
  for (std::size_t i = 0; i < desk.reserved.size(); ++i) {
    if (const Outlook* outlook = desk.outlook();
        outlook != nullptr && !outlook->opens_before(desk.now))
      continue;
    Reserved one = std::move(desk.reserved[i]);
    desk.reserved.erase(desk.reserved.begin() + static_cast<std::ptrdiff_t>(i));
    const Time at_most = std::min(one.promised, one.opening.at);
    const Time before = keeps == Keeps::room ? at_most : at_most + microseconds(1);
    if (auto opening = earliest(desk, *one.shape, one.time, before)) {
      one.promised = opening->at;
      one.opening = std::move(*opening);
    }
    desk.reserved.insert(desk.reserved.begin() + static_cast<std::ptrdiff_t>(i), std::move(one));
  }
}

const Reserved* keep_room(Desk& desk, WaitingId group, std::uint32_t started) {
  const Waits& waits = desk.waiting(group);
  auto opening = earliest(desk, *waits.shape, waits.longest);
  if (!opening) return nullptr;
  const Time start = opening->at;
  desk.reserved.push_back(
      {group, waits.group.first + started, waits.shape, waits.longest, start, std::move(*opening)});
  return &desk.reserved.back();
}

void tell_promises(const Desk& desk, Plan& plan) {
  for (const Reserved& reserved : desk.reserved) {
    const Waits& waits = desk.waiting(reserved.group);
    const GangId gang{waits.group.job, reserved.first};
    const auto made = desk.promises.find(gang);
    if (made != desk.promises.end()) {
      const bool moved =
          made->second.where == nullptr || *made->second.where != *reserved.opening.allocation;
      if (reserved.promised == made->second.start && !moved) continue;
    } else if (waits.group.count > 1 && !desk.somebody_behind(waits.place())) {
      continue;
    }
    if (reserved.promised == never || reserved.promised <= desk.now) continue;
    plan.promises.push_back({gang, reserved.promised, reserved.opening.allocation});
  }
}

std::shared_ptr<const Allocation> place_due(const Desk& desk, const Reserved& reserved) {
  const Opening& opening = reserved.opening;
  if (opening.at > desk.now || opening.allocation == nullptr) return nullptr;
  for (const NodePart& part : opening.allocation->parts) {
    FreeNode node = desk.node_for(*reserved.shape, part.node.n);
    for (const TaskPlace& task : part.tasks)
      if (!task.cpus.minus(node.cpus).empty()) return nullptr;
    node.take(part);
    if (node.counted < 0 || node.memory.n < 0) return nullptr;
    for (const TaskPlace& task : part.tasks)
      for (const DeviceShare& share : task.devices)
        if (share.device >= node.devices.size() || node.devices[share.device] < 0) return nullptr;
  }
  return opening.allocation;
}

const Reserved* find_reserved(const Desk& desk, WaitingId group) {
  for (const Reserved& reserved : desk.reserved)
    if (reserved.group == group) return &reserved;
  return nullptr;
}

std::optional<Reserved> take_reserved(Desk& desk, WaitingId group) {
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
