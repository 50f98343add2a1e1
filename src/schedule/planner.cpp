#include "schedule/planner.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <queue>
#include <set>
#include <unordered_set>
#include <utility>

#include "schedule/blockers.h"
#include "schedule/promises.h"
#include "schedule/quota/limits.h"
#include "schedule/stops.h"

namespace gangline {
namespace {

/// A start now of the gang after the first `before` of the group; what stands in its way is
/// remembered of its shape.
RoomNow::Attempt attempt_start(Desk& desk, RoomNow& room, const Waits& waits,
                               const std::optional<Reserved>& own, std::uint32_t before) {
  const bool is_own = own && own->first == waits.group.first + before;
  RoomNow::Attempt attempt = room.attempt(waits, is_own ? &*own : nullptr);
  if (attempt.allocation) return attempt;
  if (attempt.delays) desk.deny(*waits.shape, attempt.denied_after, attempt.loss);
  else if (attempt.reaches_into) desk.deny(*waits.shape, attempt.denied_after, 0);
  else desk.close(*waits.shape);
  return attempt;
}

/// Whether those go first that are within what is guaranteed to their queues.
bool shares_guarantees(const Desk& desk) {
  return desk.policy.goes_first == GoesFirst::fair_share && desk.quotas.has_guarantees();
}

/// Each group once, ascending.
void add_up(std::vector<std::pair<WaitingId, std::uint32_t>>& started) {
  std::sort(started.begin(), started.end());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < started.size(); ++i) {
    if (kept > 0 && started[kept - 1].first == started[i].first)
      started[kept - 1].second += started[i].second;
    else started[kept++] = started[i];
  }
  started.resize(kept);
}

/// A start that is due does not wait for others to leave where what was kept for it is free.
void take_what_was_kept(const Desk& desk, const MakingWay& making_way, const Reserved& own,
                        RoomNow::Attempt& attempt) {
  auto kept = place_due(desk, own);
  if (kept == nullptr || making_way.is_needed_for(*kept, own.shape->mps_of())) return;
  attempt.allocation = std::move(kept);
  attempt.moved.reset();
}

/// Room that is kept for a start that is due soon may not move aside to where others still are.
void move_nobody_onto(Desk& desk, const MakingWay& making_way, Shape& shape,
                      RoomNow::Attempt& attempt) {
  if (!attempt.moved || making_way.for_nobody()) return;
  for (const Reserved& one : *attempt.moved) {
    if (one.opening.at >= desk.now + time_to_leave ||
        !making_way.is_needed_for(*one.opening.allocation, one.shape->mps_of()))
      continue;
    desk.deny(shape, attempt.denied_after, attempt.loss);
    attempt = {};
    return;
  }
}

}  // namespace

/// Goes through those that wait for room in order: all of them, or only those that may have some
/// and those for whom some is kept.
class Planner::Walk {
 public:
  /// `may_be_tried`: false of a place in line means false of all behind it in that line.
  Walk(const Desk& desk, std::function<bool(const Shape&, const OrderKey&)> may_be_tried)
      : desk_(desk), may_be_tried_(std::move(may_be_tried)) {
    for (const Reserved& reserved : desk.reserved) {
      const Waits& waits = desk.waiting(reserved.group);
      kept_.emplace_back(waits.place(), waits.shape);
    }
    std::sort(kept_.begin(), kept_.end(), std::greater<>());
  }

  /// The next after the one before, if there is one. `closed`: also of shapes that are closed.
  std::optional<OrderKey> next(bool closed) {
    while (!behind_.empty() && !closed && behind_.top().second->is_closed(desk_.now)) behind_.pop();
    while (last_ && !kept_.empty() && kept_.back().first <= *last_) kept_.pop_back();
    const auto& heads = closed ? desk_.heads() : desk_.open_heads();
    auto head = last_ ? heads.lower_bound({*last_, nullptr}) : heads.begin();
    if (last_ && head != heads.end() && head->first == *last_) ++head;
    std::optional<Place> first;
    if (head != heads.end()) first = *head;
    if (!kept_.empty() && (!first || kept_.back() < *first)) first = kept_.back();
    if (!behind_.empty() && (!first || behind_.top() <= *first)) {
      first = behind_.top();
      behind_.pop();
    }
    if (!first) return std::nullopt;
    const Place place = *first;
    push_next(place, closed);
    last_ = place.first;
    return place.first;
  }

  /// Shapes that were closed may have opened.
  void start_over_from_here() {
    behind_ = {};
    for (const auto& [key, shape] : desk_.heads()) {
      if (!last_ || *last_ < key) break;
      const auto after = shape->line.upper_bound(shape->in_line(*last_));
      if (after != shape->line.end()) behind_.emplace(shape->now(*after), shape);
    }
  }

 private:
  using Place = std::pair<OrderKey, Shape*>;

  /// The one behind it in its line; unless all are asked for, those it is shut to are passed over.
  void push_next(const Place& place, bool closed) {
    const Shape& shape = *place.second;
    auto next = shape.line.upper_bound(shape.in_line(place.first));
    if (!closed && shape.freed.empty())
      while (next != shape.line.end() && shape.is_shut_to(next->end_from(desk_.now))) ++next;
    if (next == shape.line.end()) return;
    const OrderKey behind = shape.now(*next);
    if (may_be_tried_(shape, behind)) behind_.emplace(behind, place.second);
  }

  const Desk& desk_;
  const std::function<bool(const Shape&, const OrderKey&)> may_be_tried_;
  std::vector<Place> kept_;  // the last in order in front
  std::priority_queue<Place, std::vector<Place>, std::greater<>> behind_;
  std::optional<OrderKey> last_;
};

Planner::Planner(const Snapshot& snapshot, const Policy& policy)
    : desk_(snapshot, policy),
      room_(std::make_unique<RoomNow>(desk_)),
      making_way_(std::make_unique<MakingWay>(desk_)),
      shut_(std::make_unique<ShutQueues>(desk_)) {}
Planner::~Planner() = default;

void Planner::waits(const WaitingGroup& group) {
  no_longer_waits(group.job, group.first);
  desk_.wait(group);
}

void Planner::no_longer_waits(JobId job, std::uint32_t first) {
  const auto id = desk_.find(job, first);
  if (!id) return;
  if (take_reserved(desk_, *id)) {
    freed_ = true;
    room_->forget();
    desk_.forget_denials();
  }
  desk_.withdraw(*id);
}

void Planner::promise_is_over(GangId gang) {
  if (desk_.promises.erase(gang) > 0) freed_ = true;
}

void Planner::holds(const Holder& holder) {
  if (making_way_->undo()) freed_ = changed_ = true;
  // A wish that came true is held already, and so is what a gang leaves to the next in turn. CPUs
  // that were taken twice would be free after one of the two has let go.
  if (const auto known = desk_.held.find(holder.job, holder.allocation)) {
    std::erase(wishes_, *known);
    if (holder.expected_end < desk_.held.at(*known).expected_end) freed_ = changed_ = true;
    desk_.renew(*known, holder);
    return;
  }
  // It may be on what a wish holds that will not come true.
  take_back_wishes();
  lets_go(holder.job, holder.first);
  desk_.hold(holder);
  changed_ = true;
}

void Planner::lets_go(JobId job, std::uint32_t first) {
  if (making_way_->undo()) freed_ = changed_ = true;
  const auto id = desk_.held.find(job, first);
  if (!id) return;
  std::erase(wishes_, *id);
  desk_.let_go(*id);
  freed_ = changed_ = true;
}

void Planner::take_back_wishes() {
  if (making_way_->undo()) freed_ = changed_ = true;
  for (const HeldId wish : wishes_) desk_.let_go(wish);
  if (!wishes_.empty()) freed_ = changed_ = true;
  wishes_.clear();
  started_.clear();
}

Plan Planner::plan(Time now) {
  Plan plan;
  // 1. Wishes of the plan before that did not come true are taken back.
  take_back_wishes();
  desk_.quotas.plan_is_done();
  desk_.now = now;
  plan.again = desk_.let_late_go_first();
  desk_.begin_plan();
  // 2. Promises in force stay, or are given up for a cause.
  look_at_promises(plan);
  // 3. In order, start what fits and delays nobody who was promised a start.
  first_that_waits_.reset();
  started_first_.clear();
  if (shares_guarantees(desk_))
    for (const std::size_t depth : desk_.quotas.depths_with_guarantees()) {
      desk_.guaranteed_first = depth;
      const std::size_t known = started_.size();
      go_through_all(plan);
      for (std::size_t i = known; i < started_.size(); ++i)
        started_first_[started_[i].first] += started_[i].second;
    }
  desk_.guaranteed_first.reset();
  shut_->begin([&](WaitingId id) {
    return started_before(id) == desk_.waiting(id).group.count || making_way_->keeps_some_for(id);
  });
  go_through_all(plan);
  if (desk_.policy.stops == MayStop::chosen_anew && !making_way_->for_nobody()) {
    making_way_->keep_starts(wishes_, started_);
    started_.clear();
    plan.starts.clear();
  }
  // 4. Tell what was promised, earlier or anew.
  if (improves_last(desk_.policy)) improve_promises(desk_);
  tell_promises(desk_, plan);
  add_up(started_);
  if (desk_.policy.stops != MayStop::nobody)
    for (const HeldSince& place : desk_.held.by_since())
      plan.again = std::min(plan.again, desk_.order.changes_at(desk_.held.at(place.id), now));
  return plan;
}

void Planner::look_at_promises(Plan& plan) {
  const std::vector<Reserved> kept_before = std::exchange(desk_.reserved, {});
  // Room that was kept without a promise is kept no more: others may get it.
  const bool freed = freed_ || kept_before.size() != desk_.promises.size();
  keep_promises(desk_, freed, plan);
  room_->forget();
  if (desk_.reserved != kept_before) desk_.forget_denials();
  else if (const Outlook* outlook = desk_.outlook())
    desk_.forget_denials_of_at_most(outlook->spare());
  else if (changed_) desk_.forget_denials();
  if (desk_.policy.stops == MayStop::chosen_anew) making_way_->choose_anew(plan);
  desk_.reopened();
  freed_ = changed_ = false;
}

void Planner::go_through_all(Plan& plan) {
  std::set<const Shape*> never_free;
  Walk walk(desk_, [this](const Shape& shape, const OrderKey& place) {
    return may_be_tried(shape, place);
  });
  bool asked_all = true;
  Standpoint point{std::numeric_limits<std::int64_t>::min(), 0, 0};  // how far it has come
  for (;;) {
    const bool more_promises = desk_.reserved.size() < desk_.policy.promises;
    const bool others_may_leave = making_way_->may_help(point);
    const bool asks_all = !first_that_waits_ || more_promises || others_may_leave;
    // A start that was promised leaves a promise for the next, whose shape may have been passed by.
    if (asks_all && !std::exchange(asked_all, asks_all)) walk.start_over_from_here();
    asked_all = asks_all;
    const auto key = walk.next(asks_all);
    if (!key) break;
    point = key->point;
    const Waits& waits = desk_.waiting(key->id);
    const std::uint32_t before = started_before(key->id);
    if (before == waits.group.count) continue;
    const bool kept = find_reserved(desk_, key->id) != nullptr;
    if (!kept && !may_be_tried(*waits.shape, *key)) continue;
    if (making_way_->keeps_some_for(key->id)) continue;
    const Found found = start_what_fits(waits, before, plan);
    std::uint32_t started = found.started;
    const bool may_take_turns = started > 0 && found.coming == 0 && making_way_->for_nobody() &&
                                before + started < waits.group.count && waits.group.turns > 1 &&
                                !first_that_waits_ && desk_.reserved.empty() &&
                                desk_.set_aside.empty() && !desk_.guaranteed_first;
    if (may_take_turns) started = take_turns(waits, before, started, plan);
    if (started > 0) started_.emplace_back(key->id, started);
    if (desk_.reopened()) {
      walk.start_over_from_here();
      never_free.clear();
    }
    const bool waits_on = before + started + found.coming < waits.group.count;
    if (waits_on && found.lacks_quota && !desk_.guaranteed_first) shut_->shut(*waits.shape, *key);
    if (started + found.coming > 0) shut_->look_again(*key);
    if (kept && first_that_waits_ && find_reserved(desk_, key->id) == nullptr)
      promise_those_before(*key);
    if (!waits_on || found.lacks_quota) continue;
    // It waits. Keep room for it, if it is among the first. A promise that is older counts: whoever
    // comes before it now has to wait until it is kept.
    if (!first_that_waits_) first_that_waits_ = *key;
    if (!desk_.policy.overtake) break;
    const std::size_t most = desk_.most_promises(waits, *key == *first_that_waits_);
    if (found.coming > 0 || desk_.reserved.size() >= most || never_free.contains(waits.shape) ||
        find_reserved(desk_, key->id) != nullptr)
      continue;
    if (keep_room(desk_, key->id, before + started) == nullptr) never_free.insert(waits.shape);
    else never_free.clear();
    room_->forget();
    shut_->look_again(*key);
  }
}

/// A start that was promised leaves a promise for another: that is for the first that wait, though
/// they were passed by while it was taken. Or each promise might go to one that comes after them.
void Planner::promise_those_before(const OrderKey& place) {
  std::unordered_map<WaitingId, std::uint32_t> started;
  for (const auto& [id, n] : started_) started[id] += n;
  std::set<const Shape*> never_free;
  Walk walk(desk_, [this](const Shape& shape, const OrderKey& behind) {
    return may_be_tried(shape, behind);
  });
  while (desk_.reserved.size() < desk_.policy.promises) {
    const auto key = walk.next(true);
    if (!key || place <= *key) break;
    const Waits& waits = desk_.waiting(key->id);
    if (started[key->id] == waits.group.count || making_way_->keeps_some_for(key->id) ||
        find_reserved(desk_, key->id) != nullptr || never_free.contains(waits.shape) ||
        !may_be_tried(*waits.shape, *key) || !fits_limits(desk_, *waits.shape))
      continue;
    if (keep_room(desk_, key->id, started[key->id]) == nullptr) never_free.insert(waits.shape);
    room_->forget();
  }
  shut_->look_again(place);
}

/// Whether one at this place in the order may have room if there is some: for what is guaranteed to
/// its queue, and else for what limits leave and those who make room for others.
bool Planner::may_be_tried(const Shape& shape, const OrderKey& place) const {
  if (!desk_.quotas.is_kept()) return true;
  if (desk_.guaranteed_first) return has_quota(shape, !fits_limits(desk_, shape));
  return !shut_->is_shut(shape, place) && !desk_.quotas.room_goes_to(shape.queue);
}

bool Planner::has_quota(const Shape& shape, bool over_limit) const {
  if (!desk_.guaranteed_first) return !over_limit;
  // Of a limit above, too, those who borrowed may make room.
  return is_within_guarantee(desk_, shape) &&
         (!over_limit || desk_.policy.stops == MayStop::borrowers);
}

std::uint32_t Planner::started_before(WaitingId id) const {
  if (started_first_.empty()) return 0;
  const auto found = started_first_.find(id);
  return found == started_first_.end() ? 0 : found->second;
}

/// Starts gangs of the group one after another until one has no room or would delay a promise.
Planner::Found Planner::start_what_fits(const Waits& waits, std::uint32_t before, Plan& plan) {
  Shape& shape = *waits.shape;
  const WaitingGroup& group = waits.group;
  const Time end = waits.key.end_from(desk_.now), latest_end = waits.latest_end_from(desk_.now);
  // What is kept for this group's first gang is for this start.
  const std::optional<Reserved> own = take_reserved(desk_, waits.key.id);
  if (own) room_->forget();
  Found found;
  for (std::uint32_t n = before; n < group.count; n = before + found.started + found.coming) {
    const bool is_own = own && own->first == group.first + n;
    const bool over_limit =
        !(is_own ? fits_limits_when_due(desk_, shape) : fits_limits(desk_, shape));
    found.lacks_quota =
        !has_quota(shape, over_limit) || (!is_own && own && !may_be_tried(shape, waits.place()));
    if (found.lacks_quota) break;
    RoomNow::Attempt attempt;
    if (!over_limit || fits_limits_then(desk_, shape)) {
      if (own || desk_.may_start(shape, end)) attempt = attempt_start(desk_, *room_, waits, own, n);
      move_nobody_onto(desk_, *making_way_, shape, attempt);
      if (is_own &&
          (!attempt.allocation || making_way_->is_needed_for(*attempt.allocation, shape.mps_of())))
        take_what_was_kept(desk_, *making_way_, *own, attempt);
    }
    if (!attempt.allocation) {
      found.lacks_quota = over_limit;
      if (!making_way_->ask_for(waits, n, latest_end, own.has_value(), plan)) break;
      found.lacks_quota = false;
      room_->forget();
      ++found.coming;
      continue;
    }
    const bool moves = attempt.moved.has_value();
    if (moves) desk_.reserved = *std::move(attempt.moved);
    const auto allocation = attempt.allocation;
    // Gangs of a group start in order: after one that waits for others to leave, all do.
    if (found.coming > 0 || over_limit || making_way_->is_needed_for(*allocation, shape.mps_of())) {
      making_way_->keep(waits, n, allocation, latest_end);
      ++found.coming;
    } else {
      start(waits, n, allocation, plan);
      if (is_own) desk_.quotas.keep_rest(group, shape.charge, *allocation);
      ++found.started;
    }
    room_->follow(*allocation, shape);
    if (moves || own) {
      room_->forget();
      desk_.forget_denials();
    }
  }
  // Those who are to leave may take their time: what was promised is kept until then.
  if (found.started == 0 && own) put_back_reserved(desk_, *own);
  if (own) room_->forget();
  return found;
}

void Planner::start(const Waits& waits, std::uint32_t started,
                    std::shared_ptr<const Allocation> allocation, Plan& plan) {
  const WaitingGroup& group = waits.group;
  const std::uint32_t gang = group.first + started;
  const Time end = end_of(group, allocation->alternative, desk_.now);
  plan.starts.push_back({group.job, gang, 1, group.attempt, allocation});
  Holder holder{group.job,   gang,       1,        std::move(allocation),
                desk_.now,   end,        false,    nullptr,
                group.queue, group.user, group.mps};
  if (desk_.policy.stops != MayStop::nobody) {
    holder.waited = std::make_shared<const WaitingGroup>(group);
    plan.again = std::min(plan.again, desk_.order.changes_at(holder, desk_.now));
    // Who is started is not stopped in the same plan.
    holder.waited.reset();
  }
  wishes_.push_back(desk_.hold(std::move(holder)));
}

/// The gangs of the group that found no room take turns on the allocations that its first gangs got
/// (the last `started` starts of the plan). Each round hands out half of what is left, shared
/// evenly over all that the job holds, so that no allocation is left with a long tail while others
/// have none. Returns how many gangs have a start now.
std::uint32_t Planner::take_turns(const Waits& waits, std::uint32_t before, std::uint32_t started,
                                  Plan& plan) {
  const WaitingGroup& group = waits.group;
  const std::uint32_t count = group.count - before;
  const std::uint64_t width = desk_.held.of_job(group.job);
  const auto half_each = (count + 2 * width - 1) / (2 * width);
  const auto turns =
      static_cast<std::uint32_t>(std::clamp<std::uint64_t>(half_each, 1, group.turns));
  // From the last to the first, so that no two have the same number in between.
  std::vector<std::uint32_t> counts;
  std::uint32_t given = 0;
  for (std::uint32_t i = 0; i < started; ++i) {
    // Those behind still need one gang each.
    counts.push_back(std::min(turns, count - given - (started - i - 1)));
    given += counts.back();
  }
  std::uint32_t behind = given;
  for (std::uint32_t i = started; i-- > 0;) {
    behind -= counts[i];
    Start& start = plan.starts[plan.starts.size() - started + i];
    const HeldId held = wishes_[wishes_.size() - started + i];
    start.first = group.first + before + behind;
    start.count = counts[i];
    Holder holder = desk_.held.at(held);
    holder.first = start.first;
    holder.count = start.count;
    holder.expected_end = end_of(group, holder.allocation->alternative, desk_.now, start.count);
    desk_.renew(held, std::move(holder));
  }
  return given;
}

std::optional<Wait> Planner::wait_of(WaitingId id) {
  const Waits& waits = desk_.waiting(id);
  const WaitingGroup& group = waits.group;
  Wait wait{group.job, group.first, group.count, {}, never};
  const auto some = std::lower_bound(started_.begin(), started_.end(), std::pair(id, 0u));
  if (some != started_.end() && some->first == id) {
    wait.first += some->second;
    wait.count -= some->second;
    if (wait.count == 0) return std::nullopt;
  }
  const Reserved* kept = find_reserved(desk_, id);
  if (kept != nullptr) wait.expected = kept->promised;
  if (making_way_->keeps_some_for(id)) {
    wait.blocker = making_way_->blocker();
    return wait;
  }
  if (waits.shape->hopeless) {
    wait.blocker = NoSuchDevice{waits.shape->hopeless->what};
  } else if (!group.after.empty()) {
    wait.blocker = WaitsForJobs{group.after};
  } else if (!kept && shut_->is_shut(*waits.shape, waits.place())) {
    wait.blocker = shut_->reason(*waits.shape, waits.place());
  } else if (const auto other = desk_.quotas.room_goes_to(waits.shape->queue); other && !kept) {
    wait.blocker = PromisedToOther{*other, never};
  } else if (!desk_.policy.overtake && first_that_waits_ && *first_that_waits_ < waits.place()) {
    wait.blocker = BehindOther{first_that_waits_->job};
  } else {
    wait.blocker = why_not_now(waits);
  }
  return wait;
}

/// Why it does not start though its turn in the order came: as it is after the plan, for those
/// behind it may have taken what there was or asked others to leave.
Blocker Planner::why_not_now(const Waits& waits) {
  if (const Blocker* none = why_no_room(desk_, *waits.shape)) return *none;
  if (auto aside = room_->what_it_would_reach_into(waits)) return *std::move(aside);
  if (const auto delayed = room_->whom_it_would_delay(waits)) {
    const Reserved& theirs = desk_.reserved[*delayed];
    return PromisedToOther{desk_.waiting(theirs.group).group.job, theirs.promised};
  }
  return making_way_->blocker(true);
}

std::vector<Wait> Planner::reasons() {
  std::vector<Wait> waits;
  for (const WaitingId id : desk_.all_in_order())
    if (auto wait = wait_of(id)) waits.push_back(*std::move(wait));
  return waits;
}

std::optional<Wait> Planner::first_reason() {
  const auto first = first_that_waits_ ? first_that_waits_ : shut_->first();
  if (!first) return std::nullopt;
  return reason_of(first->job, first->first);
}

std::vector<JobId> Planner::in_order() const {
  std::vector<JobId> jobs;
  std::unordered_set<JobId> there;
  for (const WaitingId id : desk_.all_in_order())
    if (const JobId job = desk_.waiting(id).group.job; there.insert(job).second)
      jobs.push_back(job);
  return jobs;
}

std::optional<Wait> Planner::reason_of(JobId job, std::uint32_t first) {
  const auto id = desk_.find(job, first);
  if (!id) return std::nullopt;
  return wait_of(*id);
}

}  // namespace gangline
