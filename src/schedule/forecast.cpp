#include "schedule/forecast.h"

#include <algorithm>
#include <memory>
#include <set>

#include "base/text.h"
#include "schedule/holdings.h"
#include "schedule/order/order.h"
#include "schedule/planner.h"
#include "schedule/reasons/unknown_start.h"

namespace gangline {
namespace {

bool is_in(GangId gang, JobId job, std::uint32_t first, std::uint32_t count) {
  return gang.job == job && gang.index >= first && gang.index - first < count;
}

}  // namespace

Time limits_change_after(const Snapshot& snapshot, Time at) {
  Time next = rules_change_after(snapshot.rules.get(), at);
  if (snapshot.set_aside != nullptr)
    for (const SetAside& one : *snapshot.set_aside)
      if (one.until > at) next = std::min(next, one.until);
  return next;
}

void leave_what_is_over(Snapshot& snapshot) {
  if (snapshot.set_aside == nullptr) return;
  SetAsides left = *snapshot.set_aside;
  if (std::erase_if(left, [&](const SetAside& one) { return one.until <= snapshot.now; }) > 0)
    snapshot.set_aside = std::make_shared<const SetAsides>(std::move(left));
}

bool starts(const Plan& plan, GangId gang) {
  return std::any_of(plan.starts.begin(), plan.starts.end(), [&](const Start& start) {
    return is_in(gang, start.job, start.first, start.count);
  });
}

void carry_out(const Plan& plan, Snapshot& snapshot) {
  for (const PromiseGivenUp& given_up : plan.given_up)
    std::erase_if(snapshot.promises,
                  [&](const PromiseMade& made) { return made.gang == given_up.gang; });
  for (const PromiseMade& promise : plan.promises) {
    std::erase_if(snapshot.promises,
                  [&](const PromiseMade& made) { return made.gang == promise.gang; });
    snapshot.promises.push_back(promise);
  }
  for (const MakeRoom& stop : plan.stops)
    for (Holder& holder : snapshot.holders)
      if (stop.gang == GangId{holder.job, holder.first}) holder.stopping = true;
  for (const Start& start : plan.starts) {
    std::erase_if(snapshot.promises, [&](const PromiseMade& made) {
      return is_in(made.gang, start.job, start.first, start.count);
    });
    const auto group =
        std::find_if(snapshot.waiting.begin(), snapshot.waiting.end(), [&](const WaitingGroup& g) {
          return is_in({start.job, start.first}, g.job, g.first, g.count);
        });
    if (group == snapshot.waiting.end()) continue;
    const Time end = end_of(*group, start.allocation->alternative, snapshot.now, start.count);
    WaitingGroup waited = *group;
    waited.first = start.first;
    waited.count = 1;
    snapshot.holders.push_back({start.job, start.first, start.count, start.allocation, snapshot.now,
                                end, false, std::make_shared<const WaitingGroup>(std::move(waited)),
                                group->queue, group->user, group->mps});
    group->first += start.count;
    group->count -= start.count;
    if (group->count == 0) snapshot.waiting.erase(group);
  }
}

void wait_again(std::size_t holder, Snapshot& snapshot) {
  const Holder left = snapshot.holders[holder];
  snapshot.holders.erase(snapshot.holders.begin() + static_cast<std::ptrdiff_t>(holder));
  WaitingGroup group = *left.waited;
  if (left.count > 1) {  // those whose turn did not come
    group.first = left.first + 1;
    group.count = left.count - 1;
    snapshot.waiting.push_back(group);
  }
  group.first = left.first;
  group.count = 1;
  ++group.attempt;
  group.progress = progress_of(left, snapshot.now);
  if (!group.keeps_work) group.progress.kept = Span{0};
  group.progress.stop(snapshot.now);
  snapshot.waiting.push_back(std::move(group));
}

namespace {

/// The world as it goes on if nobody comes, and a planner that is told of each change.
class Future {
 public:
  Future(Snapshot snapshot, const Policy& policy)
      : world_(without_overdue(std::move(snapshot))),
        policy_(policy),
        planner_(std::make_unique<Planner>(world_, policy)) {}

  const Snapshot& world() const { return world_; }
  Plan plan() { return planner_->plan(world_.now); }
  /// What blocks this group after the newest plan.
  std::optional<Blocker> blocker_of(const WaitingGroup& group) {
    const auto wait = planner_->reason_of(group.job, group.first);
    return wait ? std::optional(wait->blocker) : std::nullopt;
  }

  void carry_out(const Plan& plan) {
    const std::size_t held = world_.holders.size();
    gangline::carry_out(plan, world_);
    for (const PromiseGivenUp& given_up : plan.given_up) planner_->promise_is_over(given_up.gang);
    for (const PromiseMade& made : plan.promises) planner_->promised(made);
    for (const MakeRoom& stop : plan.stops)
      for (const Holder& holder : world_.holders)
        if (stop.gang == GangId{holder.job, holder.first}) planner_->holds(holder);
    std::set<JobId> started;
    for (std::size_t i = held; i < world_.holders.size(); ++i) {
      const Holder& holder = world_.holders[i];
      planner_->holds(holder);
      planner_->no_longer_waits(holder.job, holder.first);
      for (std::uint32_t n = 0; n < holder.count; ++n)
        planner_->promise_is_over({holder.job, holder.first + n});
      started.insert(holder.job);
    }
    if (started.empty()) return;
    for (const WaitingGroup& group : world_.waiting)
      if (started.contains(group.job)) planner_->waits(group);
  }

  /// Moves on to the next end and lets go what ended by then. False: nothing ends at a known time.
  bool step() {
    // Those that were asked to make room are taken to leave at once.
    for (std::size_t i = 0; i < world_.holders.size(); ++i)
      if (world_.holders[i].stopping && world_.holders[i].waited != nullptr) return leave(i), true;
    Time next = never;
    for (const Holder& holder : world_.holders) next = std::min(next, holder.expected_end);
    const Time rules_change = limits_change_after(world_, world_.now);
    if (std::min(next, rules_change) == never) return false;
    world_.now = std::max(world_.now, std::min(next, rules_change));
    std::erase_if(world_.holders, [&](const Holder& holder) {
      if (holder.expected_end > world_.now) return false;
      planner_->lets_go(holder.job, holder.first);
      touched_.insert(holder.job);
      return true;
    });
    leave_what_is_over(world_);
    if (rules_change <= next) planner_ = std::make_unique<Planner>(world_, policy_);
    return true;
  }

  /// Jobs that ended while looking ahead are taken to have ended well, so those after them may
  /// start.
  void release_followers() {
    for (const Holder& holder : world_.holders) touched_.erase(holder.job);
    for (const WaitingGroup& group : world_.waiting) touched_.erase(group.job);
    for (WaitingGroup& group : world_.waiting)
      if (std::erase_if(group.after, [&](JobId job) { return touched_.contains(job); }) > 0)
        planner_->waits(group);
  }

 private:
  static Snapshot without_overdue(Snapshot snapshot) {
    for (Holder& holder : snapshot.holders)
      if (holder.expected_end <= snapshot.now) holder.expected_end = snapshot.now + overdue_grace;
    return snapshot;
  }

  void leave(std::size_t holder) {
    const std::size_t before = world_.waiting.size();
    planner_->lets_go(world_.holders[holder].job, world_.holders[holder].first);
    wait_again(holder, world_);
    for (std::size_t i = before; i < world_.waiting.size(); ++i) planner_->waits(world_.waiting[i]);
  }

  Snapshot world_;
  const Policy policy_;
  std::unique_ptr<Planner> planner_;
  std::set<JobId> touched_;
};

}  // namespace

Forecast forecast(Snapshot snapshot, const Policy& policy, GangId gang) {
  Future future(std::move(snapshot), policy);
  const auto blocker_of = [&](const WaitingGroup& group) { return future.blocker_of(group); };
  for (std::uint32_t steps = 0; steps < most_steps_ahead; ++steps) {
    const Plan plan = future.plan();
    if (starts(plan, gang))
      return {future.world().now, steps == 0
                                      ? "there is room now"
                                      : "if each gang before it runs as long as its time limit "
                                        "says and nobody else comes"};
    future.carry_out(plan);
    if (!future.step()) {
      future.plan();
      return {std::nullopt, why_unknown(future.world(), gang, blocker_of)};
    }
    future.release_followers();
  }
  future.plan();
  if (auto limit = limit_that_stays_full(future.world(), gang, blocker_of))
    return {std::nullopt, *std::move(limit)};
  return {std::nullopt, "it is too far ahead: more than " + std::to_string(most_steps_ahead) +
                            " ends of others come first"};
}

}  // namespace gangline
