#include "plain_forecast.h"

#include <algorithm>
#include <set>

#include "schedule/forecast.h"
#include "schedule/holdings.h"
#include "schedule/make_plan.h"

namespace gangline::worlds {
namespace {

bool step(Snapshot& snapshot, std::set<JobId>& touched) {
  for (std::size_t i = 0; i < snapshot.holders.size(); ++i)
    if (snapshot.holders[i].stopping && snapshot.holders[i].waited != nullptr)
      return wait_again(i, snapshot), true;
  Time next = never;
  for (const Holder& holder : snapshot.holders) next = std::min(next, holder.expected_end);
  next = std::min(next, limits_change_after(snapshot, snapshot.now));
  if (next == never) return false;
  snapshot.now = std::max(snapshot.now, next);
  leave_what_is_over(snapshot);
  std::erase_if(snapshot.holders, [&](const Holder& holder) {
    if (holder.expected_end > snapshot.now) return false;
    touched.insert(holder.job);
    return true;
  });
  return true;
}

void release_followers(Snapshot& snapshot, std::set<JobId>& touched) {
  for (const Holder& holder : snapshot.holders) touched.erase(holder.job);
  for (const WaitingGroup& group : snapshot.waiting) touched.erase(group.job);
  for (WaitingGroup& group : snapshot.waiting)
    std::erase_if(group.after, [&](JobId job) { return touched.contains(job); });
}

}  // namespace

std::optional<Time> plain_forecast(Snapshot snapshot, const Policy& policy, GangId gang) {
  std::set<JobId> touched;
  for (Holder& holder : snapshot.holders)
    if (holder.expected_end <= snapshot.now) holder.expected_end = snapshot.now + overdue_grace;
  for (std::uint32_t steps = 0; steps < most_steps_ahead; ++steps) {
    const Plan plan = make_plan(snapshot, policy);
    if (starts(plan, gang)) return snapshot.now;
    carry_out(plan, snapshot);
    if (!step(snapshot, touched)) return std::nullopt;
    release_followers(snapshot, touched);
  }
  return std::nullopt;
}

}  // namespace gangline::worlds
