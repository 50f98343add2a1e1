#include "schedule/desk.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include "schedule/never_fits.h"
#include "schedule/place/near_nodes.h"
#include "schedule/place/place.h"
#include "schedule/rate/best_nodes.h"

namespace gangline {
namespace {

/// Of nodes that are remembered for one shape; with more, it is tried again wherever it may be.
constexpr std::size_t most_freed = 64;

std::size_t mix(std::size_t seed, std::size_t value) {
  return (seed ^ value) * 0x9E3779B97F4A7C15ull + (seed >> 29);
}

/// Each alternative on what may be used now. Devices of earlier attempts are left out where the
/// cluster without them could serve at all; else they come after everything else.
std::vector<Wanted> wanted_of(const Kinds& kinds, const Shape& shape) {
  const std::vector<std::uint32_t> liked = liked_in_order(*shape.request);
  std::vector<Wanted> wanted;
  for (const std::uint32_t a : liked)
    wanted.push_back(want(kinds, *shape.request, a, {false, shape.allow_foreign, shape.avoid}));
  if (shape.avoid.empty()) return wanted;
  for (const Wanted& without : wanted)
    if (fits_when_empty(without, kinds)) return wanted;
  for (const std::uint32_t a : liked)
    wanted.push_back(want(kinds, *shape.request, a, {false, shape.allow_foreign, {}}));
  return wanted;
}

}  // namespace

bool Desk::ShapeKey::operator==(const ShapeKey& other) const {
  return allow_foreign == other.allow_foreign && queue == other.queue && user == other.user &&
         mps == other.mps && endless == other.endless &&
         (request == other.request || *request == *other.request) &&
         (avoid == other.avoid || *avoid == *other.avoid);
}

std::size_t Desk::ShapeHash::operator()(const ShapeKey& key) const {
  std::size_t hash = mix(key.allow_foreign ? 1 : 0, key.request->tasks);
  for (const TaskRequest& task : key.request->alternatives) {
    hash = mix(hash, task.cpus.thousandths);
    hash = mix(hash, static_cast<std::size_t>(task.memory.n));
    if (!task.devices) continue;
    hash = mix(hash, task.devices->count);
    hash = mix(hash, static_cast<std::size_t>(task.devices->share.thousandths));
    hash = mix(hash, std::hash<std::string_view>{}(task.devices->model));
  }
  for (const DeviceId id : *key.avoid) hash = mix(hash, id.node.n * 64 + id.index);
  if (key.queue > 0 || key.user > 0) hash = mix(hash, std::size_t{key.queue} << 32 | key.user);
  return hash;
}

std::size_t Desk::AskedHash::operator()(const Asked& asked) const {
  const std::size_t hash = std::hash<const void*>{}(asked.request);
  return asked.queue == 0 && asked.user == 0
             ? hash
             : mix(hash, std::size_t{asked.queue} << 32 | asked.user);
}

Desk::Desk(const Snapshot& snapshot, const Policy& by)
    : policy(by),
      now(snapshot.now),
      cluster(snapshot.cluster),
      queues(snapshot.queues),
      foreign(snapshot.foreign),
      rules(snapshot.rules),
      set_aside(snapshot.set_aside == nullptr ? SetAsides{} : *snapshot.set_aside),
      order(by, snapshot.queues, snapshot.usual_work.get()),
      kinds(snapshot.cluster, snapshot.foreign),
      free(kinds),
      quotas(snapshot.queues, rules_at(snapshot.rules.get(), snapshot.now)),
      held(kinds.nodes()),
      all_free_(free),
      rater_(kinds, by, snapshot.usual == nullptr ? std::vector<UsualTask>{} : *snapshot.usual),
      patience_(by, *snapshot.cluster) {
  if (policy.place == Place::consolidate) empty_.emplace(kinds);
  if (policy.goes_first == GoesFirst::fair_share)
    standings_.emplace(queues, snapshot.used == nullptr ? std::vector<UserUse>{} : *snapshot.used);
  by_queue_ = standings_ || quotas.is_kept() || (rules != nullptr && !rules->empty());
  by_user_ = standings_ || (rules != nullptr && tells_users_apart(*rules)) ||
             std::any_of(set_aside.begin(), set_aside.end(),
                         [](const SetAside& one) { return one.user.has_value(); });
  spares_endless_ = std::any_of(set_aside.begin(), set_aside.end(),
                                [](const SetAside& one) { return one.spares_unlimited; });
  for (const Holder& holder : snapshot.holders) hold(holder);
  for (const PromiseMade& made : snapshot.promises) promises[made.gang] = made;
  waiting_.reserve(snapshot.waiting.size());
  for (const WaitingGroup& group : snapshot.waiting) wait(group);
}

Shape& Desk::shape_of(const WaitingGroup& group) {
  const bool allow_foreign = group.queue < queues.size() && queues[group.queue].allow_foreign;
  const std::uint32_t queue = by_queue_ ? group.queue : 0;
  const std::uint32_t user = by_user_ || group.mps ? group.user : 0;
  const bool endless = spares_endless_ && !group.time;
  const bool plain = !allow_foreign && group.avoid.empty();
  if (plain) {
    const auto known = by_request_.find({group.request.get(), queue, user, group.mps, endless});
    if (known != by_request_.end()) return *known->second;
  }
  const ShapeKey key{group.request.get(), allow_foreign, &group.avoid, queue, user,
                     group.mps,           endless};
  const auto known = by_content_.find(key);
  Shape& shape = known != by_content_.end() ? *known->second : new_shape(group, key);
  if (plain && known == by_content_.end())
    by_request_[{shape.request.get(), queue, user, group.mps, endless}] = &shape;
  return shape;
}

Shape& Desk::new_shape(const WaitingGroup& group, const ShapeKey& key) {
  Shape& shape = shapes_.emplace_back();
  shape.request = group.request;
  shape.allow_foreign = key.allow_foreign;
  shape.rated = has_rates(*group.request);
  shape.avoid = group.avoid;
  shape.queue = key.queue;
  shape.user = key.user;
  shape.mps = key.mps;
  by_content_[{shape.request.get(), key.allow_foreign, &shape.avoid, key.queue, key.user, key.mps,
               key.endless}] = &shape;
  if (standings_) shape.standing = standings_->of(key.queue, key.user);
  if (quotas.is_kept()) shape.charge = charge_of(*shape.request);
  shape.hopeless = never_fits(kinds, *shape.request);
  if (!shape.hopeless && quotas.has_limits())
    shape.hopeless = exceeds_limit(quotas, queues, shape.queue, shape.user, *shape.request);
  if (!shape.hopeless) shape.wanted = wanted_of(kinds, shape);
  share_scores(shape);
  for (Wanted& wanted : shape.wanted) {
    wanted.roomiest_first = policy.place == Place::roomiest;
    if (is_rated(policy.place, wanted.tasks))
      wanted.best_nodes = std::make_shared<BestNodes>(rater_);
    else if (policy.place == Place::consolidate)
      if (const auto empty = place(wanted, FreeView(*empty_)))
        wanted.most_nodes = empty->parts.size();
    if (wanted.best_nodes == nullptr && !wanted.roomiest_first && wanted.tasks > 1 &&
        kinds.switches().any())
      wanted.by_switch = std::make_shared<RoomBySwitch>();
  }
  return shape;
}

void Desk::share_scores(Shape& shape) {
  for (Wanted& wanted : shape.wanted) {
    if (wanted.each == 0) continue;
    const DeviceRequest& devices = *shape.request->alternatives[wanted.alternative].devices;
    auto& scores = scores_[{wanted.tasks, shape.allow_foreign, devices}];
    if (scores == nullptr) scores = wanted.scores;
    wanted.scores = scores;
  }
}

void Desk::wait(const WaitingGroup& group) {
  WaitingId id = static_cast<WaitingId>(waiting_.size());
  if (unused_.empty()) {
    waiting_.emplace_back();
  } else {
    id = unused_.back();
    unused_.pop_back();
  }
  Waits& one = waiting_[id];
  one.group = group;
  one.shape = &shape_of(group);
  one.key = order.key_of(group, id);
  one.longest = longest_of(group);
  by_gang_[{group.job, group.first}] = id;
  patience_.waits(group, id, one.is_in_line());
  if (one.is_in_line()) put_in_line(one);
}

void Desk::withdraw(WaitingId id) {
  Waits& one = waiting_[id];
  by_gang_.erase({one.group.job, one.group.first});
  patience_.no_longer_waits(one.group, id, one.is_in_line());
  if (one.is_in_line()) take_out_of_line(one);
  one = Waits{};
  unused_.push_back(id);
}

void Desk::put_in_line(Waits& one) {
  one.shape->line.insert(one.shape->line.end(), one.key);
  ++one.shape->limits[one.group.time.value_or(no_limit)];
  note(*one.shape);
}

void Desk::take_out_of_line(Waits& one) {
  one.shape->line.erase(one.key);
  const auto limit = one.shape->limits.find(one.group.time.value_or(no_limit));
  if (--limit->second == 0) one.shape->limits.erase(limit);
  note(*one.shape);
}

void Desk::note(Shape& shape) {
  const auto known = head_of_.find(&shape);
  const bool same = known != head_of_.end() && !shape.line.empty() &&
                    known->second == shape.now(*shape.line.begin());
  if (!same) {
    if (known != head_of_.end()) {
      heads_.erase({known->second, &shape});
      open_heads_.erase({known->second, &shape});
      head_of_.erase(known);
    }
    if (shape.line.empty()) return;
    head_of_[&shape] = shape.now(*shape.line.begin());
    heads_.insert({head_of_[&shape], &shape});
  }
  const OrderKey head = shape.now(*shape.line.begin());
  if (shape.is_closed(now)) open_heads_.erase({head, &shape});
  else open_heads_.insert({head, &shape});
}

void Desk::deny(Shape& shape, Time after, std::int64_t loss) {
  if (!shape.denied) denied_.push_back(&shape);
  shape.no_room = false;
  shape.freed.clear();
  shape.room.reset();
  counted_.erase(&shape);
  shape.denied = after;
  shape.denied_loss = loss;
  note(shape);
}

void Desk::reopen(Shape& shape) {
  shape.no_room = false;
  shape.freed.clear();
  shape.room.reset();
  counted_.erase(&shape);
  if (std::exchange(shape.denied, std::nullopt)) std::erase(denied_, &shape);
  if (!shape.line.empty()) note(shape);
}

void Desk::reopen_if(const std::function<bool(const Shape&)>& may_start) {
  std::erase_if(denied_, [&](Shape* shape) {
    if (!may_start(*shape)) return false;
    shape->denied.reset();
    if (!shape->line.empty()) note(*shape);
    reopened_ = true;
    return true;
  });
}

void Desk::forget_denials() {
  reopen_if([](const Shape&) { return true; });
}

void Desk::forget_denials_of_at_most(std::int64_t loss) {
  reopen_if([&](const Shape& shape) { return shape.denied_loss <= loss; });
}

Outlook* Desk::outlook() {
  const bool overdue = !held.by_end().empty() && held.by_end().begin()->first <= now;
  // Its counts of tasks do not know of nodes.
  const bool counts = policy.place != Place::consolidate && policy.keeps == Keeps::room;
  const bool by_ends_alone = (rules == nullptr || rules->empty()) && set_aside.empty();
  if (!counts || !by_ends_alone || reserved.size() != 1 || reserved[0].opening.at == never ||
      reserved[0].shape->mps || reserved[0].shape->wanted.size() != 1 ||
      reserved[0].opening.after_overdue ||
      (overdue && reserved[0].opening.at < now + overdue_grace)) {
    outlook_.reset();
    return nullptr;
  }
  const Wanted& wanted = reserved[0].shape->wanted[0];
  if (!outlook_ || outlook_->until() != reserved[0].opening.at || &outlook_->wanted() != &wanted)
    outlook_.emplace(kinds, free, held, wanted, reserved[0].opening.at);
  return &*outlook_;
}

bool Desk::is_kept(const Allocation& allocation) const {
  const auto shares_a_node = [&](const Allocation& other) {
    for (const NodePart& kept : other.parts)
      for (const NodePart& part : allocation.parts)
        if (kept.node == part.node) return true;
    return false;
  };
  return std::any_of(reserved.begin(), reserved.end(),
                     [&](const Reserved& one) { return shares_a_node(*one.opening.allocation); }) ||
         std::any_of(set_aside.begin(), set_aside.end(),
                     [&](const SetAside& one) { return shares_a_node(*one.what); });
}

std::uint32_t Desk::tasks_on(const Shape& shape, std::uint32_t node) const {
  std::uint32_t most = 0;
  for (const Wanted& wanted : shape.wanted)
    most = std::max(most, tasks_that_fit(wanted, wanted.on(node, kinds), free.node(node)));
  return most;
}

void Desk::count_room(const Allocation& allocation, std::int64_t sign) {
  for (Shape* shape : counted_)
    for (const NodePart& part : allocation.parts)
      if (part.node.n < free.nodes()) *shape->room += sign * tasks_on(*shape, part.node.n);
}

bool Desk::may_start(Shape& shape, Time end) {
  if (!shape.is_shut_to(end)) return true;
  if (shape.freed.empty()) return false;
  // What was freed may be taken again.
  if (shape.room && *shape.room < shape.request->tasks) shape.freed.clear();
  std::erase_if(shape.freed, [&](std::uint32_t node) { return tasks_on(shape, node) == 0; });
  if (shape.freed.empty()) note(shape);
  return !shape.freed.empty();
}

void Desk::close(Shape& shape) {
  shape.no_room = true;
  shape.freed.clear();
  if (shape.request->tasks > 1 && shape.wanted.size() == 1) {
    shape.room = static_cast<std::int64_t>(room_for(shape.wanted[0], all_free_));
    counted_.insert(&shape);
  }
  note(shape);
}

HeldId Desk::hold(Holder holder) {
  // What was denied to a shape is denied still if what it could have is what it was: that is on
  // nodes of which something is kept, and for several tasks on others besides.
  const Allocation& taken = *holder.allocation;
  if (!denied_.empty()) {
    const bool kept = is_kept(taken);
    reopen_if([&](const Shape& shape) {
      return kept || (shape.request->tasks > 1 &&
                      std::any_of(taken.parts.begin(), taken.parts.end(), [&](const auto& part) {
                        return part.node.n < free.nodes() && tasks_on(shape, part.node.n) > 0;
                      }));
    });
  }
  count_room(taken, -1);
  if (outlook_) outlook_->before_change(taken);
  free.take(taken);
  quotas.hold(holder);
  const bool mps = holder.mps;
  const HeldId id = held.add(std::move(holder));
  if (mps) with_mps_.insert(id);
  if (outlook_) outlook_->after_change(*held.at(id).allocation);
  count_room(*held.at(id).allocation, 1);
  return id;
}

void Desk::let_go(HeldId id) {
  const auto allocation = held.at(id).allocation;
  count_room(*allocation, -1);
  if (outlook_) outlook_->before_change(*allocation);
  free.give_back(*allocation);
  quotas.let_go(held.at(id));
  held.remove(id);
  with_mps_.erase(id);
  if (outlook_) outlook_->after_change(*allocation);
  count_room(*allocation, 1);
  if (is_kept(*allocation)) forget_denials();
  for (Shape& shape : shapes_) {
    if (!shape.no_room && !shape.denied) continue;
    if (shape.room && *shape.room < shape.request->tasks && !shape.line.empty()) continue;
    for (const NodePart& part : allocation->parts)
      if (part.node.n < free.nodes() && tasks_on(shape, part.node.n) > 0)
        shape.freed.push_back(part.node.n);
    if (shape.line.empty() || shape.freed.size() > most_freed) reopen(shape);
    else if (!shape.freed.empty()) note(shape);
  }
}

Holder Desk::leave(HeldId id) {
  Holder holder = held.at(id);
  let_go(id);
  quotas.leaves(holder);
  for (const NodePart& part : holder.allocation->parts) being_left_.insert(part.node.n);
  return holder;
}

void Desk::stay(Holder holder) {
  quotas.leaves(holder, true);
  for (const NodePart& part : holder.allocation->parts)
    being_left_.erase(being_left_.find(part.node.n));
  hold(std::move(holder));
}

bool Desk::is_being_left(const Allocation& allocation) const {
  return std::any_of(allocation.parts.begin(), allocation.parts.end(),
                     [&](const NodePart& part) { return being_left_.contains(part.node.n); });
}

void Desk::renew(HeldId id, Holder holder) {
  const auto allocation = holder.allocation;
  if (outlook_) outlook_->before_change(*allocation);
  held.put(id, std::move(holder));
  if (outlook_) outlook_->after_change(*allocation);
}

void Desk::share_by(const std::vector<UserUse>& used) {
  if (!standings_) return;
  standings_.emplace(queues, used);
  for (Shape& shape : shapes_) {
    shape.standing = standings_->of(shape.queue, shape.user);
    if (!shape.line.empty()) note(shape);
  }
}

Time Desk::let_late_go_first() {
  const Time before = order.late_up_to(), late_up_to = patience_.late_up_to(now);
  if (before == late_up_to) return patience_.next_late(now);
  order.let_go_first(late_up_to);
  std::vector<WaitingId> moved;
  patience_.between(before, late_up_to, [&](WaitingId id) { moved.push_back(id); });
  for (const WaitingId id : moved) {
    Waits& one = waiting_[id];
    if (one.is_in_line()) take_out_of_line(one);
    one.key = order.key_of(one.group, id);
    if (one.is_in_line()) put_in_line(one);
  }
  return patience_.next_late(now);
}

FreeView Desk::view_for(const Shape& shape) const {
  FreeView view(free);
  view.see_as(shape.mps_of());
  if (shape.mps)
    for (const HeldId id : with_mps_)
      if (bars(mps_of(held.at(id)), shape.mps_of())) view.bar(*held.at(id).allocation);
  return view;
}

FreeNode Desk::node_for(const Shape& shape, std::uint32_t n) const {
  FreeNode node = free.node(n);
  if (!shape.mps || with_mps_.empty()) return node;
  for (const HeldId id : held.on_node(n))
    if (bars(mps_of(held.at(id)), shape.mps_of()))
      for (const NodePart& part : held.at(id).allocation->parts)
        if (part.node.n == n) node.bar(part);
  return node;
}

bool Desk::is_barred_somewhere(const Shape& shape) const {
  return shape.mps && std::any_of(with_mps_.begin(), with_mps_.end(), [&](HeldId id) {
           return bars(mps_of(held.at(id)), shape.mps_of());
         });
}

bool Desk::is_closed_to(const Shape& shape, Time at) const {
  if (rules == nullptr) return false;
  return std::any_of(rules->begin(), rules->end(), [&](const HouseRule& rule) {
    const bool its_queue = !rule.queue || *rule.queue == shape.queue ||
                           (rule.with_parts && quotas.is_in(shape.queue, *rule.queue));
    return rule.gangs == 0 && rule.holds_at(at) && its_queue &&
           (!rule.user || *rule.user == shape.user);
  });
}

std::vector<Time> Desk::times_of_opening() const {
  std::vector<Time> times;
  for (const SetAside& one : set_aside)
    if (one.until > now) times.push_back(one.until);
  if (rules == nullptr) return times;
  for (const HouseRule& rule : *rules)
    if (rule.gangs == 0 && rule.until > now && rule.until != never) times.push_back(rule.until);
  return times;
}

std::optional<WaitingId> Desk::find(JobId job, std::uint32_t first) const {
  const auto found = by_gang_.find({job, first});
  if (found == by_gang_.end()) return std::nullopt;
  return found->second;
}

std::optional<WaitingId> Desk::group_of(GangId gang) const {
  auto after = by_gang_.upper_bound(gang);
  if (after == by_gang_.begin()) return std::nullopt;
  const WaitingGroup& group = waiting_[(--after)->second].group;
  if (group.job != gang.job || gang.index - group.first >= group.count) return std::nullopt;
  return after->second;
}

std::vector<WaitingId> Desk::all_in_order() const {
  std::vector<OrderKey> keys;
  keys.reserve(by_gang_.size());
  for (const auto& [gang, id] : by_gang_) keys.push_back(waiting_[id].place());
  std::sort(keys.begin(), keys.end());
  std::vector<WaitingId> ids;
  ids.reserve(keys.size());
  for (const OrderKey& key : keys) ids.push_back(key.id);
  return ids;
}

bool Desk::somebody_behind(const OrderKey& key) const {
  return std::any_of(heads_.begin(), heads_.end(), [&](const auto& head) {
    return key < head.second->now(*head.second->line.rbegin());
  });
}

}  // namespace gangline
