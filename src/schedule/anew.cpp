#include "schedule/anew.h"

#include <algorithm>
#include <set>
#include <utility>

#include "schedule/ahead.h"
#include "schedule/quota/limits.h"

namespace gangline {
namespace {

/// One that wants room: a group that waits, or somebody who runs.
struct Candidate {
  OrderKey key;
  Shape* shape = nullptr;
  std::uint32_t gangs = 1;
  std::optional<HeldId> held;
};

std::vector<Candidate> in_order(Desk& desk) {
  std::vector<Candidate> all;
  for (const auto& [first, shape] : desk.heads())
    for (const OrderKey& key : shape->line)
      all.push_back({key, shape, desk.waiting(key.id).group.count, {}});
  for (const HeldSince& place : desk.held.by_since()) {
    const Holder& holder = desk.held.at(place.id);
    if (holder.stopping || holder.waited == nullptr) continue;
    OrderKey key = desk.order.key_of(*holder.waited, 0);
    key.point = desk.order.point_of(holder, desk.now);
    all.push_back({key, &desk.shape_of(*holder.waited), 1, place.id});
  }
  std::sort(all.begin(), all.end(),
            [](const Candidate& a, const Candidate& b) { return a.key < b.key; });
  return all;
}

/// What is free, and who has MPS on what is not.
class Room {
 public:
  explicit Room(const Desk& desk) : view_(desk.free) {
    for (const HeldId id : desk.with_mps())
      with_mps_.emplace_back(desk.held.at(id).allocation, desk.held.at(id).user);
  }
  void take(std::shared_ptr<const Allocation> allocation, MpsOf of) {
    view_.take(*allocation);
    if (of) with_mps_.emplace_back(std::move(allocation), *of);
  }
  void give_back(const Holder& holder) {
    view_.give_back(*holder.allocation);
    const auto is_its = [&](const auto& one) { return one.first == holder.allocation; };
    if (holder.mps) std::erase_if(with_mps_, is_its);
  }
  /// As a shape with MPS sees it, or one without.
  FreeView for_mps(MpsOf viewer) const {
    FreeView view = view_;
    view.see_as(viewer);
    for (const auto& [allocation, user] : with_mps_)
      if (bars(user, viewer)) view.bar(*allocation);
    return view;
  }
  const FreeView& plain() const { return view_; }

 private:
  FreeView view_;
  std::vector<std::pair<std::shared_ptr<const Allocation>, std::uint32_t>> with_mps_;
};

std::shared_ptr<const Allocation> place_in(const Desk& desk, const Shape& shape, const Room& room,
                                           Time end) {
  if (!shape.mps) return place_beside_set_aside(desk, shape, room.plain(), desk.now, end);
  return place_beside_set_aside(desk, shape, room.for_mps(shape.mps_of()), desk.now, end);
}

bool is_free(const FreeView& view, const Allocation& allocation) {
  return std::all_of(allocation.parts.begin(), allocation.parts.end(), [&](const NodePart& part) {
    return part.node.n < view.base().nodes() && view.node(part.node.n).can_hold(part);
  });
}

Time end_from(const WaitingGroup& group, Time now) {
  const auto longest = longest_of(group);
  return longest ? now + *longest : never;
}

struct Chosen {
  std::vector<std::pair<const Candidate*, std::uint32_t>> come;  ///< that wait, with how many gangs
  std::vector<HeldId> leave;
};

/// In order, each that finds room beside those before it. Who runs holds its own place where that
/// is free still; else it is enough that there is room somewhere.
Chosen choose(const Desk& desk, const std::vector<Candidate>& all, Room room, LimitsLeft limits,
              const std::set<const Candidate*>& without) {
  Chosen chosen;
  std::set<const Shape*> no_room;  // there will be ever less
  for (const Candidate& one : all) {
    if (without.contains(&one)) continue;
    const Holder* holder = one.held ? &desk.held.at(*one.held) : nullptr;
    if (holder != nullptr && !limits.take(*holder)) {
      chosen.leave.push_back(*one.held);
      continue;
    }
    const bool has_its_own =
        holder != nullptr &&
        is_free(holder->mps ? room.for_mps(mps_of(*holder)) : room.plain(), *holder->allocation);
    if (has_its_own) {
      room.take(holder->allocation, mps_of(*holder));
      continue;
    }
    const Time end = holder != nullptr ? end_from(*holder->waited, desk.now)
                                       : desk.waiting(one.key.id).latest_end_from(desk.now);
    std::uint32_t gangs = 0;
    while (gangs < one.gangs && !no_room.contains(one.shape)) {
      auto place = place_in(desk, *one.shape, room, end);
      if (place == nullptr) {
        // With another end it may find room beside what is set aside.
        if (desk.set_aside.empty()) no_room.insert(one.shape);
        break;
      }
      if (holder == nullptr && !limits.take_in_order(*one.shape)) break;
      room.take(std::move(place), one.shape->mps_of());
      ++gangs;
    }
    if (holder != nullptr && gangs == 0) limits.give_back(*holder);
    if (one.held && gangs == 0) chosen.leave.push_back(*one.held);
    if (!one.held && gangs > 0) chosen.come.emplace_back(&one, gangs);
  }
  return chosen;
}

}  // namespace

ChosenAnew choose_anew(Desk& desk) {
  if (desk.heads().empty()) return {};
  const std::vector<Candidate> all = in_order(desk);
  Room nobody(desk);        // runs of those that may be stopped
  Room now(desk);           // those are gone that were asked to leave
  LimitsLeft limits(desk);  // likewise without those that may be stopped
  for (const HeldSince& place : desk.held.by_since()) {
    const Holder& holder = desk.held.at(place.id);
    if (holder.stopping) now.give_back(holder);
    if (!holder.stopping && holder.waited == nullptr) continue;
    nobody.give_back(holder);
    limits.give_back(holder);
  }
  std::set<const Candidate*> without;
  for (;;) {
    const Chosen chosen = choose(desk, all, nobody, limits, without);
    if (chosen.leave.empty()) return {};
    // Those that stay may lie where one that comes finds no place among them. Nobody leaves for it.
    Room room = now;
    for (const HeldId id : chosen.leave) room.give_back(desk.held.at(id));
    const std::size_t before = without.size();
    for (const auto& [one, gangs] : chosen.come)
      for (std::uint32_t i = 0; i < gangs && !without.contains(one); ++i) {
        const Time end = desk.waiting(one->key.id).latest_end_from(desk.now);
        auto place = place_in(desk, *one->shape, room, end);
        if (place == nullptr) without.insert(one);
        else room.take(std::move(place), one->shape->mps_of());
      }
    if (without.size() > before) continue;
    if (chosen.come.empty()) return {};
    return {chosen.leave, desk.waiting(chosen.come.front().first->key.id).group.job};
  }
}

}  // namespace gangline
