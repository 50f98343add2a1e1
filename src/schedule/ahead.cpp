#include "schedule/ahead.h"

#include <algorithm>

#include "schedule/place/place.h"

namespace gangline {
namespace {

bool has_ended(const Desk& desk, HeldId id, const Opening& opening) {
  const Holder& holder = desk.held.at(id);
  const auto is_among_released = [&] {
    return HeldSince{holder.since, holder.job, holder.first, id} <= *opening.released;
  };
  if (opening.at == never) return opening.released && is_among_released();
  if (desk.held.is_overdue(id, desk.now) && opening.after_overdue) return true;
  const Time end = desk.held.end_of(id, desk.now);
  if (end == opening.at && opening.released) return is_among_released();
  return end <= opening.at;
}

}  // namespace

bool meets(const Reserved& reserved, Time from, Time until) {
  if (reserved.opening.at == never || from == never) return true;
  return reserved.opening.at < until && from < reserved.end();
}

void leave_set_aside(const Desk& desk, const Shape& shape, Time from, Time until, FreeView& view) {
  for (const SetAside& one : desk.set_aside)
    if (one.meets(shape.user, from, until)) view.take(*one.what);
}

const SetAside* first_set_aside(const Desk& desk, const Shape& shape, Time from, Time until) {
  const SetAside* first = nullptr;
  for (const SetAside& one : desk.set_aside)
    if (one.meets(shape.user, from, until) && (first == nullptr || one.from < first->from))
      first = &one;
  return first;
}

FreeView free_at(const Desk& desk, const Shape& shape, const Opening& opening,
                 std::span<const Reserved> others, Time until) {
  FreeView view = desk.view_for(shape);
  // What others leave comes first: room that is kept may be room that they still hold now.
  if (opening.at == never) {
    for (const auto& place : desk.held.by_since()) {
      if (!opening.released || *opening.released < place) break;
      view.give_back(*desk.held.at(place.id).allocation, mps_of(desk.held.at(place.id)));
    }
  } else {
    for (const auto& [end, since] : desk.held.by_end()) {
      const HeldId id = since.id;
      if (end > std::max(opening.at, desk.now)) break;
      if (has_ended(desk, id, opening))
        view.give_back(*desk.held.at(id).allocation, mps_of(desk.held.at(id)));
    }
  }
  for (const Reserved& other : others)
    if (meets(other, opening.at, until))
      view.take(*other.opening.allocation, other.shape->mps_of());
  leave_set_aside(desk, shape, opening.at, until, view);
  return view;
}

bool is_free_at(const Desk& desk, const Shape& shape, const Allocation& where,
                const Opening& opening, std::span<const Reserved> others, Time until,
                const Allocation* extra, MpsOf extra_of) {
  const auto wanted =
      std::find_if(shape.wanted.begin(), shape.wanted.end(),
                   [&](const Wanted& one) { return one.alternative == where.alternative; });
  if (wanted == shape.wanted.end()) return false;
  for (const NodePart& part : where.parts) {
    const std::uint32_t n = part.node.n;
    if (n >= desk.free.nodes()) return false;
    // Also the devices it is to avoid: there may have been no others when it was promised these.
    const Usable& usable = wanted->kinds[desk.kinds.kind_of(n)];
    if (!usable.node) return false;
    FreeNode node = desk.node_for(shape, n);
    const auto each_part_here = [n](const Allocation& allocation, const auto& call) {
      for (const NodePart& one : allocation.parts)
        if (one.node.n == n) call(one);
    };
    for (const HeldId id : desk.held.on_node(n))
      if (has_ended(desk, id, opening))
        each_part_here(*desk.held.at(id).allocation, [&](const NodePart& one) {
          node.give_back(one, desk.kinds.node(n));
          if (bars(mps_of(desk.held.at(id)), shape.mps_of())) node.bar(one, true);
        });
    const auto take = [&](const NodePart& one, MpsOf of) {
      node.take(one);
      if (bars(of, shape.mps_of())) node.bar(one);
    };
    for (const Reserved& other : others)
      if (meets(other, opening.at, until))
        each_part_here(*other.opening.allocation,
                       [&](const NodePart& one) { take(one, other.shape->mps_of()); });
    for (const SetAside& one : desk.set_aside)
      if (one.meets(shape.user, opening.at, until))
        each_part_here(*one.what, [&](const NodePart& part_here) { node.take(part_here); });
    if (extra != nullptr) each_part_here(*extra, [&](const NodePart& one) { take(one, extra_of); });
    for (const TaskPlace& task : part.tasks)
      if (!may_stay_on(usable, desk.kinds.node(n), task)) return false;
    if (!node.can_hold(part)) return false;
  }
  return true;
}

std::shared_ptr<const Allocation> place_first(const Shape& shape, const FreeView& free) {
  for (const Wanted& wanted : shape.wanted)
    if (auto allocation = place(wanted, free))
      return std::make_shared<const Allocation>(std::move(*allocation));
  return nullptr;
}

std::shared_ptr<const Allocation> place_beside_set_aside(const Desk& desk, const Shape& shape,
                                                         const FreeView& free, Time from,
                                                         Time until) {
  if (first_set_aside(desk, shape, from, until) == nullptr) return place_first(shape, free);
  FreeView rest = free;
  leave_set_aside(desk, shape, from, until, rest);
  return place_first(shape, rest);
}

std::shared_ptr<const Allocation> place_beside_reserved(const Desk& desk, const Shape& shape,
                                                        const FreeView& free, Time from,
                                                        Time until) {
  const bool some = std::any_of(desk.reserved.begin(), desk.reserved.end(),
                                [&](const Reserved& other) { return meets(other, from, until); });
  if (!some) return place_beside_set_aside(desk, shape, free, from, until);
  FreeView rest = free;
  for (const Reserved& other : desk.reserved)
    if (meets(other, from, until)) rest.take(*other.opening.allocation, other.shape->mps_of());
  leave_set_aside(desk, shape, from, until, rest);
  return place_first(shape, rest);
}

RoomCount::RoomCount(const Desk& desk, const Shape& shape)
    : desk_(desk), shape_(shape), view_(desk.view_for(shape)) {
  // That one task has no room says that there is none to count.
  const bool none = shape.request->tasks == 1 && shape.no_room && shape.freed.empty();
  for (const Wanted& wanted : shape.wanted) tasks_.push_back(none ? 0 : room_for(wanted, view_));
}

void RoomCount::give_back(const Holder& holder) {
  const bool barred = bars(mps_of(holder), shape_.mps_of());
  for (const NodePart& part : holder.allocation->parts) {
    const std::uint32_t n = part.node.n;
    if (n >= desk_.free.nodes()) continue;
    FreeNode& node = view_.edit(n);
    for (std::size_t w = 0; w < tasks_.size(); ++w)
      tasks_[w] -= tasks_that_fit(shape_.wanted[w], shape_.wanted[w].on(n, desk_.kinds), node);
    node.give_back(part, desk_.kinds.node(n));
    if (barred) node.bar(part, true);
    for (std::size_t w = 0; w < tasks_.size(); ++w)
      tasks_[w] += tasks_that_fit(shape_.wanted[w], shape_.wanted[w].on(n, desk_.kinds), node);
  }
}

bool RoomCount::is_enough() const {
  for (std::size_t w = 0; w < tasks_.size(); ++w)
    if (tasks_[w] >= shape_.wanted[w].tasks) return true;
  return false;
}

}  // namespace gangline
