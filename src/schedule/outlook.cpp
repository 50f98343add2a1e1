#include "schedule/outlook.h"

#include <algorithm>
#include <utility>

#include "schedule/place/place.h"

namespace gangline {
namespace {

template <class Call>
void each_part_on(std::uint32_t node, const Allocation& allocation, const Call& call) {
  for (const NodePart& part : allocation.parts)
    if (part.node.n == node) call(part);
}

}  // namespace

Outlook::Outlook(const Kinds& kinds, const FreeState& free, const Holdings& held,
                 const Wanted& wanted, Time until)
    : kinds_(&kinds), free_(&free), held_(&held), wanted_(&wanted), until_(until) {
  now_ = at_the_end_ = static_cast<std::int64_t>(room_for(wanted, FreeView(free)));
  std::vector<std::uint32_t> change;  // nodes on which somebody ends by then
  for (const auto& [end, since] : held.by_end()) {
    if (end > until) break;
    if (steps_.empty() || steps_.back().at != end) steps_.push_back({end, 0});
    for (const NodePart& part : held.at(since.id).allocation->parts)
      if (part.node.n < kinds.nodes()) change.push_back(part.node.n);
  }
  std::sort(change.begin(), change.end());
  change.erase(std::unique(change.begin(), change.end()), change.end());
  for (const std::uint32_t n : change) add_ends(n, 1);
}

void Outlook::add_nodes(const Allocation& allocation, std::int64_t sign) {
  for (const NodePart& part : allocation.parts)
    if (part.node.n < kinds_->nodes()) add(part.node.n, sign);
}

void Outlook::add(std::uint32_t n, std::int64_t sign) {
  const std::int64_t here = fits(n, free_->node(n));
  now_ += sign * here;
  at_the_end_ += sign * here;
  add_ends(n, sign);
}

void Outlook::add_ends(std::uint32_t n, std::int64_t sign) {
  const Usable& usable = wanted_->on(n, *kinds_);
  if (!usable.node || (wanted_->each > 0 && usable.devices.empty())) return;
  std::vector<HeldId> by_end;
  for (const HeldId id : held_->on_node(n))
    if (held_->at(id).expected_end <= until_) by_end.push_back(id);
  if (by_end.empty()) return;
  std::sort(by_end.begin(), by_end.end(), [&](HeldId a, HeldId b) {
    return held_->at(a).expected_end < held_->at(b).expected_end;
  });
  FreeNode node = free_->node(n);
  std::int64_t before = fits(n, node);
  for (const HeldId id : by_end) {
    each_part_on(n, *held_->at(id).allocation,
                 [&](const NodePart& part) { node.give_back(part, kinds_->node(n)); });
    const std::int64_t after = fits(n, node);
    if (after != before) step(held_->at(id).expected_end, sign * (after - before));
    at_the_end_ += sign * (after - before);
    before = after;
  }
}

void Outlook::step(Time at, std::int64_t tasks) {
  auto place = std::lower_bound(steps_.begin(), steps_.end(), at,
                                [](const Step& step, Time t) { return step.at < t; });
  if (place == steps_.end() || place->at != at) place = steps_.insert(place, {at, 0});
  place->tasks += tasks;
}

bool Outlook::opens_before(Time now) const {
  std::int64_t room = now_;
  std::int64_t overdue = 0;
  if (until_ <= now) return false;
  if (room >= wanted_->tasks) return true;
  for (const Step& step : steps_) {
    if (step.at >= until_) break;
    if (step.at <= now) {
      overdue += step.tasks;
      continue;
    }
    if (step.at >= now + overdue_grace) room += std::exchange(overdue, 0);
    room += step.tasks;
    if (room >= wanted_->tasks) return true;
  }
  return now + overdue_grace < until_ && room + overdue >= wanted_->tasks;
}

std::int64_t Outlook::loss(const Allocation& extra) const {
  std::int64_t lost = 0;
  for (const NodePart& part : extra.parts) {
    const std::uint32_t n = part.node.n;
    FreeNode node = free_->node(n);
    for (const HeldId id : held_->on_node(n))
      if (held_->at(id).expected_end <= until_)
        each_part_on(n, *held_->at(id).allocation,
                     [&](const NodePart& held) { node.give_back(held, kinds_->node(n)); });
    lost += fits(n, node);
    node.take(part);
    lost -= fits(n, node);
  }
  return lost;
}

}  // namespace gangline
