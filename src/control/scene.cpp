#include "control/scene.h"

#include <algorithm>
#include <utility>

namespace gangline {
namespace {

// With so much more found out than at first, much of it is of no use any more, and the planner is
// made anew.
constexpr std::size_t most_found_out_since = 100'000;

bool same_use(const ForeignUse& a, const ForeignUse& b) {
  return a.device == b.device && a.holder == b.holder && a.leased == b.leased;
}

template <class T>
const T* find_first(const std::vector<T>& all, std::uint32_t first) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const T& one) { return one.first == first; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

void Scene::look_at(const std::set<JobId>& changed) {
  for (const JobId id : changed) {
    Told now;
    handed_.erase(id);
    if (const JobState* job = beliefs_.find(id)) {
      const bool handed = places_ && places_(*job->job.spec);
      now.waiting = waiting_groups_of(*job, from_, handed);
      now.holding = holders_of(*job, from_);
      if (!now.waiting.empty() && handed) handed_[id] = std::exchange(now.waiting, {});
    }
    Told& before = told_[id];
    if (planner_ != nullptr) tell(before, now);
    count(before, -1);
    count(now, 1);
    before = std::move(now);
    if (before.waiting.empty() && before.holding.empty()) told_.erase(id);
  }
}

std::vector<WaitingGroup> Scene::handed_over() const {
  std::vector<WaitingGroup> all;
  for (const auto& [id, groups] : handed_) {
    const auto& after = groups.front().after;
    if (std::all_of(after.begin(), after.end(), [&](JobId other) { return is_handed(other); }))
      all.insert(all.end(), groups.begin(), groups.end());
  }
  return all;
}

/// All of it: the engine can wait for its end.
bool Scene::is_handed(JobId id) const {
  const JobState* job = beliefs_.find(id);
  return job == nullptr || (job->waiting() == 0 && places_(*job->job.spec));
}

void Scene::tell(const Told& before, const Told& after) {
  // 1. Who holds. Gangs in turn hold the same allocation one after the other.
  for (const Holder& holder : before.holding)
    if (std::none_of(after.holding.begin(), after.holding.end(),
                     [&](const Holder& other) { return other.allocation == holder.allocation; }))
      planner_->lets_go(holder.job, holder.first);
  for (const Holder& holder : after.holding) {
    const Holder* known = find_first(before.holding, holder.first);
    if (known == nullptr || *known != holder) planner_->holds(holder);
  }
  // 2. Who waits.
  for (const WaitingGroup& group : before.waiting)
    if (find_first(after.waiting, group.first) == nullptr)
      planner_->no_longer_waits(group.job, group.first);
  for (const WaitingGroup& group : after.waiting) {
    const WaitingGroup* known = find_first(before.waiting, group.first);
    if (known == nullptr || *known != group) planner_->waits(group);
  }
}

void Scene::count(const Told& told, int sign) {
  for (const WaitingGroup& group : told.waiting) {
    waiting_ += sign;
    if (wants_devices(*group.request)) waiting_for_devices_ += sign;
  }
}

std::shared_ptr<const std::vector<UsualTask>> Scene::usual_now() const {
  std::vector<std::pair<const ResourceRequest*, std::uint64_t>> asked;
  for (const auto& [id, job] : beliefs_.jobs())
    asked.emplace_back(job.request.get(), gang_count(*job.job.spec));
  return std::make_shared<const std::vector<UsualTask>>(usual_tasks(asked));
}

void Scene::begin_anew(Time now) {
  cluster_ = beliefs_.cluster();
  foreign_ = beliefs_.foreign();
  promises_ = beliefs_.promises();
  Snapshot snapshot;
  snapshot.now = now;
  snapshot.cluster = cluster_;
  snapshot.queues = from_.settings.queues;
  snapshot.foreign = foreign_;
  snapshot.usual = usual_ != nullptr ? usual_ : usual_now();
  snapshot.usual_work = usual_work_;
  snapshot.used = from_.used;
  snapshot.rules = from_.rules;
  snapshot.set_aside = from_.set_aside;
  for (const auto& [id, told] : told_) {
    snapshot.holders.insert(snapshot.holders.end(), told.holding.begin(), told.holding.end());
    snapshot.waiting.insert(snapshot.waiting.end(), told.waiting.begin(), told.waiting.end());
  }
  for (const auto& [gang, made] : promises_) snapshot.promises.push_back(made);
  planner_ = std::make_unique<Planner>(snapshot, policy_);
}

void Scene::share_by_now(Time now) {
  if (!shares()) return;
  auto used = usage_.as_of(now);
  if (from_.used == used) return;
  from_.used = std::move(used);
  if (planner_ != nullptr) planner_->used(*from_.used);
}

/// A planner knows the rules of its beginning alone.
void Scene::follow_rules_of(Time now) {
  auto aside = house_.set_aside(usage_, beliefs_.cluster(), now);
  rules_changed_ = rules_changed_ || from_.set_aside != aside;
  from_.set_aside = std::move(aside);
  if (house_.is_empty()) return;
  auto rules = house_.rules(usage_, now);
  HouseRules in_force = rules_at(rules.get(), now);
  rules_changed_ = rules_changed_ || from_.rules != rules || in_force != rules_;
  from_.rules = std::move(rules);
  rules_ = std::move(in_force);
}

Plan Scene::plan(Time now) {
  Plan plan = plan_at(now);
  plan.again = std::min(plan.again, house_.again(now));
  return plan;
}

Plan Scene::plan_at(Time now) {
  share_by_now(now);
  follow_rules_of(now);
  const auto& foreign = beliefs_.foreign();
  const bool goes_on =
      planner_ != nullptr && !rules_changed_ &&
      planner_->remembered() < remembered_at_first_ + most_found_out_since &&
      cluster_ == beliefs_.cluster() &&
      std::equal(foreign_.begin(), foreign_.end(), foreign.begin(), foreign.end(), same_use);
  if (!goes_on) {
    begin_anew(now);
    rules_changed_ = false;
    Plan plan = planner_->plan(now);
    remembered_at_first_ = planner_->remembered();
    return plan;
  }
  for (const auto& [gang, made] : promises_)
    if (!beliefs_.promises().contains(gang)) planner_->promise_is_over(gang);
  for (const auto& [gang, made] : beliefs_.promises()) {
    const auto known = promises_.find(gang);
    const bool same = known != promises_.end() && known->second.start == made.start &&
                      known->second.where == made.where;
    if (!same) planner_->promised(made);
  }
  promises_ = beliefs_.promises();
  return planner_->plan(now);
}

std::optional<Wait> Scene::first_wait() {
  if (planner_ == nullptr) return std::nullopt;
  return planner_->first_reason();
}

std::optional<Wait> Scene::wait_of(JobId job) {
  const auto told = told_.find(job);
  if (told == told_.end() || planner_ == nullptr) return std::nullopt;
  for (const WaitingGroup& group : told->second.waiting)
    if (auto wait = planner_->reason_of(job, group.first)) return wait;
  return std::nullopt;
}

std::vector<JobId> Scene::waiting_in_order() const {
  return planner_ == nullptr ? std::vector<JobId>() : planner_->in_order();
}

}  // namespace gangline
