#include "schedule/stops.h"

#include <algorithm>
#include <map>
#include <utility>

#include "schedule/ahead.h"
#include "schedule/anew.h"
#include "schedule/quota/limits.h"

namespace gangline {
namespace {

/// Less is stopped first.
struct StopKey {
  bool stays = true;  ///< it was not asked to leave yet
  Standpoint point;
  std::int64_t lost = 0;  ///< work that would have to be done again, in device-time
  Time since;             ///< who came last leaves first
  HeldId id = 0;
};

std::int64_t work_lost(const Holder& holder, Time now) {
  if (holder.waited->keeps_work) return 0;
  const auto devices =
      std::max<std::int64_t>(1, devices_wanted(*holder.waited->request) / whole_device.thousandths);
  return std::max<std::int64_t>(0, (now - holder.since).us) / 1000 * devices;
}

class Candidates {
 public:
  Candidates(const Desk& desk, const Waits& waits) : desk_(desk) {
    for (const HeldSince& place : desk.held.by_since()) {
      const Holder& holder = desk.held.at(place.id);
      if (holder.stopping || (holder.waited != nullptr && may_stop(holder, waits)))
        keys_.push_back(key_of(place.id, holder));
    }
    std::sort(keys_.begin(), keys_.end(), [&](const StopKey& a, const StopKey& b) {
      if (a.stays != b.stays) return b.stays;
      if (a.point != b.point) return a.point > b.point;
      if (a.lost != b.lost) return a.lost < b.lost;
      if (a.since != b.since) return a.since > b.since;
      const auto gang = [&](const StopKey& key) {
        const Holder& holder = desk_.held.at(key.id);
        return GangId{holder.job, holder.first};
      };
      return gang(b) < gang(a);
    });
    if (desk.policy.stops == MayStop::borrowers) leave_what_is_guaranteed(waits);
  }
  const std::vector<StopKey>& keys() const { return keys_; }

 private:
  /// Of those in order, only as many that no queue comes below what is guaranteed to it. A queue
  /// that the waiting gang is in as well keeps what it has.
  void leave_what_is_guaranteed(const Waits& waits) {
    const Quotas& quotas = desk_.quotas;
    std::map<std::pair<std::uint32_t, Account>, std::int64_t> leave;
    std::erase_if(keys_, [&](const StopKey& key) {
      const Holder& holder = desk_.held.at(key.id);
      const Charge charge = charge_of(*holder.allocation);
      for (const std::uint32_t queue : quotas.chain(holder.queue))
        for (const Account account : guaranteed_accounts) {
          const std::int64_t then = quotas.held(queue, account) - quotas.coming(queue, account) -
                                    quotas.leaving(queue, account) - leave[{queue, account}];
          if (key.stays && charge.of(account) > 0 && !quotas.is_in(waits.group.queue, queue) &&
              then - charge.of(account) < quotas.guaranteed(queue, account).value_or(0))
            return true;
        }
      for (const std::uint32_t queue : quotas.chain(holder.queue))
        for (const Account account : accounts) leave[{queue, account}] += charge.of(account);
      return false;
    });
  }

  bool may_stop(const Holder& holder, const Waits& waits) const {
    switch (desk_.policy.stops) {
      case MayStop::nobody: return false;
      case MayStop::lower_priority:
        return desk_.order.priority_of(*holder.waited) < desk_.order.priority_of(waits.group);
      case MayStop::later: return waits.place().point < desk_.order.point_of(holder, desk_.now);
      case MayStop::behind:
      case MayStop::chosen_anew: {
        OrderKey key = desk_.order.key_of(*holder.waited, 0);
        key.point = desk_.order.point_of(holder, desk_.now);
        return waits.place() < key;
      }
      case MayStop::borrowers: return has_guarantee_beside(desk_, *waits.shape, holder.queue);
    }
    return false;
  }

  StopKey key_of(HeldId id, const Holder& holder) const {
    if (holder.waited == nullptr) return {false, {}, 0, holder.since, id};
    StopKey key{!holder.stopping, {}, 0, holder.since, id};
    if (desk_.policy.stops == MayStop::lower_priority) {
      key.point.rank = -desk_.order.priority_of(*holder.waited);
      key.lost = work_lost(holder, desk_.now);
    } else if (desk_.policy.stops == MayStop::borrowers) {
      key.lost = work_lost(holder, desk_.now);
    } else {
      key.point = desk_.order.point_of(holder, desk_.now);
      key.since = holder.waited->submitted;
    }
    return key;
  }

  const Desk& desk_;
  std::vector<StopKey> keys_;
};

}  // namespace

std::optional<RoomOfOthers> room_of_others(const Desk& desk, const Waits& waits, Time end) {
  const Candidates candidates(desk, waits);
  const auto& keys = candidates.keys();
  const auto place_in = [&](const FreeView& view) {
    return place_beside_reserved(desk, *waits.shape, view, desk.now, end + time_to_leave);
  };
  // 1. One after another leaves until there is a place.
  RoomCount room(desk, *waits.shape);
  LackOfLimits lack(desk, *waits.shape);
  std::shared_ptr<const Allocation> allocation;
  std::size_t left = 0;
  while (left < keys.size() && allocation == nullptr) {
    room.give_back(desk.held.at(keys[left].id));
    lack.give_back(desk.held.at(keys[left++].id));
    if (lack.is_none() && room.is_enough()) allocation = place_in(room.view());
  }
  if (allocation == nullptr) return std::nullopt;
  // 2. The last of them had to. Of the others, those who go first stay where they can.
  RoomOfOthers found;
  FreeView view = room.view();
  for (std::size_t i = left; i-- > 0;) {
    const StopKey& key = keys[i];
    if (key.stays && i + 1 < left) {
      FreeView with = view;
      with.take(*desk.held.at(key.id).allocation, mps_of(desk.held.at(key.id)));
      lack.take(desk.held.at(key.id));
      if (auto place = lack.is_none() ? place_in(with) : nullptr) {
        view = std::move(with);
        allocation = std::move(place);
        continue;
      }
      lack.give_back(desk.held.at(key.id));
    }
    found.leave.push_back(key.id);
  }
  found.allocation = std::move(allocation);
  return found;
}

bool MakingWay::may_help(const Standpoint& point) {
  if (desk_.policy.stops == MayStop::nobody) return false;
  if (desk_.policy.stops == MayStop::borrowers && !desk_.guaranteed_first) return false;
  const bool by_order = desk_.policy.stops != MayStop::lower_priority;
  if (plan_ != desk_.plans()) {
    plan_ = desk_.plans();
    last_.reset();
    some_leave_ = false;
    no_help_.clear();
    for (const HeldSince& place : desk_.held.by_since()) {
      const Holder& holder = desk_.held.at(place.id);
      some_leave_ = some_leave_ || holder.stopping;
      if (holder.waited == nullptr) continue;
      Standpoint stands{-desk_.order.priority_of(*holder.waited), 0, 0};
      if (by_order) stands = desk_.order.point_of(holder, desk_.now);
      if (!last_ || *last_ < stands) last_ = stands;
    }
  }
  if (some_leave_) return true;
  if (!last_) return false;
  if (desk_.policy.stops == MayStop::borrowers) return true;
  return by_order ? point <= *last_ : point.rank < last_->rank;
}

bool MakingWay::ask_for(const Waits& waits, std::uint32_t before, Time end, bool kept, Plan& plan) {
  if (!may_help(waits.place().point)) return false;
  // Whose own room is off the desk has more than those of its shape that were tried before it.
  const auto known = no_help_.find(waits.shape);
  if (!kept && known != no_help_.end() && known->second <= end) return false;
  const auto room = room_of_others(desk_, waits, end);
  if (!room) {
    no_help_[waits.shape] = end;
    return false;
  }
  for (const HeldId id : room->leave) {
    const Holder& holder = desk_.held.at(id);
    if (!holder.stopping) plan.stops.push_back({GangId{holder.job, holder.first}, waits.group.job});
    leaving_.push_back(desk_.leave(id));
  }
  keep(waits, before, room->allocation, end);
  desk_.forget_denials();
  // What leaves one limit more than it asked for may help those it did not help before.
  if (desk_.quotas.has_limits()) no_help_.clear();
  return true;
}

void MakingWay::keep(const Waits& waits, std::uint32_t before,
                     std::shared_ptr<const Allocation> allocation, Time end) {
  const WaitingGroup& group = waits.group;
  groups_.insert(waits.key.id);
  if (desk_.guaranteed_first) desk_.quotas.make_room_for(group.queue, group.job);
  coming_.push_back(
      desk_.hold({group.job, group.first + before, 1, std::move(allocation), desk_.now,
                  end + time_to_leave, false, nullptr, group.queue, group.user, group.mps}));
  desk_.quotas.comes(desk_.held.at(coming_.back()));
}

void MakingWay::choose_anew(Plan& plan) {
  const ChosenAnew chosen = gangline::choose_anew(desk_);
  std::vector<HeldId> leave = chosen.leave;
  for (const HeldId id : leave)
    plan.stops.push_back({GangId{desk_.held.at(id).job, desk_.held.at(id).first}, chosen.by});
  for (const HeldSince& place : desk_.held.by_since())
    if (desk_.held.at(place.id).stopping) leave.push_back(place.id);
  for (const HeldId id : leave) leaving_.push_back(desk_.leave(id));
}

void MakingWay::keep_starts(std::vector<HeldId>& starts,
                            const std::vector<std::pair<WaitingId, std::uint32_t>>& groups) {
  coming_.insert(coming_.end(), starts.begin(), starts.end());
  for (const auto& [group, count] : groups) groups_.insert(group);
  starts.clear();
}

bool MakingWay::is_needed_for(const Allocation& allocation, MpsOf of) const {
  if (leaving_.empty()) return false;
  for (const NodePart& part : allocation.parts) {
    FreeNode node = desk_.free.node(part.node.n);
    const auto here = [&](const Allocation& other, const auto& call) {
      for (const NodePart& one : other.parts)
        if (one.node == part.node) call(one);
    };
    for (const HeldId id : coming_)
      here(*desk_.held.at(id).allocation,
           [&](const NodePart& one) { node.give_back(one, desk_.kinds.node(part.node.n)); });
    for (const Holder& holder : leaving_)
      here(*holder.allocation, [&](const NodePart& one) {
        node.take(one);
        if (bars(mps_of(holder), of)) node.bar(one);
      });
    if (!node.can_hold(part)) return true;
  }
  return false;
}

MakingRoom MakingWay::blocker(bool for_others) const {
  constexpr std::size_t most_named = 8;
  MakingRoom blocker{{}, for_others};
  auto& named = blocker.stopped;
  for (const Holder& holder : leaving_)
    if (named.size() < most_named &&
        std::find(named.begin(), named.end(), holder.job) == named.end())
      named.push_back(holder.job);
  return blocker;
}

bool MakingWay::undo() {
  if (leaving_.empty()) return false;
  for (const HeldId id : coming_) desk_.let_go(id);
  for (Holder& holder : leaving_) desk_.stay(std::move(holder));
  desk_.quotas.room_is_made();
  coming_.clear();
  groups_.clear();
  leaving_.clear();
  return true;
}

}  // namespace gangline
