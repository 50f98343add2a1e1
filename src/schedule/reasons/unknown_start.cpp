#include "schedule/reasons/unknown_start.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/text.h"
#include "schedule/quota/quotas.h"

namespace gangline {
namespace {

constexpr std::size_t most_jobs_named = 3;

/// The jobs that a gang comes after, and those that these come after.
std::set<JobId> jobs_before(const Snapshot& snapshot, GangId gang) {
  std::set<JobId> before, seen;
  for (std::set<JobId> next{gang.job}; !next.empty();) {
    const JobId job = *next.begin();
    next.erase(next.begin());
    if (!seen.insert(job).second) continue;
    for (const WaitingGroup& group : snapshot.waiting)
      if (group.job == job)
        for (const JobId other : group.after) {
          before.insert(other);
          next.insert(other);
        }
  }
  return before;
}

const WaitingGroup* group_of(const Snapshot& world, GangId gang) {
  for (const WaitingGroup& group : world.waiting)
    if (group.job == gang.job && gang.index >= group.first &&
        gang.index - group.first < group.count)
      return &group;
  return nullptr;
}

const WaitingGroup* first_group_of(const Snapshot& world, JobId job) {
  const WaitingGroup* first = nullptr;
  for (const WaitingGroup& group : world.waiting)
    if (group.job == job && (first == nullptr || group.first < first->first)) first = &group;
  return first;
}

/// Who goes before one that this blocks; empty: it is blocked by something else.
std::optional<JobId> who_goes_first(const Blocker& blocker) {
  if (const auto* promised = std::get_if<PromisedToOther>(&blocker)) return promised->other;
  if (const auto* behind = std::get_if<BehindOther>(&blocker)) return behind->other;
  if (const auto* quota = std::get_if<OverQuota>(&blocker)) return quota->first;
  return std::nullopt;
}

/// What blocks the gang, or who goes before it, or before that one.
std::optional<Blocker> what_decides(const Snapshot& world, GangId gang,
                                    const BlockerOf& blocker_of) {
  std::set<JobId> seen{gang.job};
  std::optional<Blocker> decides;
  for (const WaitingGroup* group = group_of(world, gang); group != nullptr;) {
    auto blocker = blocker_of(*group);
    if (!blocker) break;
    decides = std::move(blocker);
    const auto other = who_goes_first(*decides);
    if (!other || !seen.insert(*other).second) break;
    group = first_group_of(world, *other);
  }
  return decides;
}

/// How many gangs of the job run without an end that is known.
std::size_t endless_gangs_of(const Snapshot& world, JobId job) {
  return static_cast<std::size_t>(std::count_if(
      world.holders.begin(), world.holders.end(),
      [&](const Holder& holder) { return holder.job == job && holder.expected_end == never; }));
}

/// "job 4 has no time limit, so nobody knows when it ends".
std::string without_end(const Snapshot& world, const std::vector<JobId>& jobs,
                        std::size_t unnamed) {
  std::string text = jobs.size() == 1 ? "job " : "jobs ";
  const std::size_t named = std::min(jobs.size(), most_jobs_named);
  unnamed += jobs.size() - named;
  std::size_t gangs = unnamed;
  for (std::size_t i = 0; i < named; ++i) {
    const std::size_t of_it = endless_gangs_of(world, jobs[i]);
    gangs += of_it;
    if (i > 0) text += i + 1 == named && unnamed == 0 ? " and " : ", ";
    text += format(jobs[i]);
    if (of_it > 1) text += " (" + std::to_string(of_it) + " gangs)";
  }
  if (unnamed > 0) text += " and " + std::to_string(unnamed) + " more";
  text += jobs.size() == 1 && unnamed == 0 ? " has no time limit" : " have no time limit";
  return text + (gangs == 1 ? ", so nobody knows when it ends"
                            : ", so nobody knows when enough of them end");
}

/// The same of one job, for a gang of `own`.
std::string endless_job(JobId job, JobId own) {
  if (job == own) return "this job has no time limit, so nobody knows when its other gangs end";
  return "job " + format(job) + " has no time limit, so nobody knows when it ends";
}

std::vector<JobId> endless_of(const Snapshot& world, const std::vector<JobId>& jobs) {
  std::vector<JobId> endless;
  for (const JobId job : jobs)
    if (endless_gangs_of(world, job) > 0) endless.push_back(job);
  return endless;
}

std::string limit_of(const OverQuota& quota, const Snapshot& world) {
  if (!quota.rule.empty()) return quota.rule;
  return "queue " + world.queues[quota.queue].name + " may hold " +
         quota_text(quota.account, quota.limit) + " at once";
}

/// The limit, and who would have to end; empty: nobody who holds it runs without a time limit.
std::string of_limit(const OverQuota& quota, const Snapshot& world) {
  const std::vector<JobId> endless = endless_of(world, quota.holders);
  std::string text = limit_of(quota, world);
  if (!endless.empty()) {
    text += ", and " + without_end(world, endless, quota.kept_for.empty() ? quota.unnamed : 0);
    if (quota.kept_for.empty()) return text;
  } else if (quota.kept_for.empty()) {
    return {};
  }
  text += endless.empty() ? ", and " : "; ";
  return text + "some of that is kept for job " + format(quota.kept_for.front()) +
         ", and nobody knows when it starts";
}

}  // namespace

std::string why_unknown(const Snapshot& world, GangId gang, const BlockerOf& blocker_of) {
  // 1. Hours that are spent.
  if (const WaitingGroup* group = group_of(world, gang))
    for (const HouseRule& rule : rules_at(world.rules.get(), world.now))
      if (rule.user == group->user && rule.gangs == 0 && rule.until == never)
        return "nobody knows when: " + rule.says;
  // 2. A limit, or those who hold what is wanted.
  const std::set<JobId> before = jobs_before(world, gang);
  std::vector<JobId> holders;
  if (before.empty()) {
    const auto decides = what_decides(world, gang, blocker_of);
    const auto* quota = decides ? std::get_if<OverQuota>(&*decides) : nullptr;
    if (quota != nullptr)
      if (std::string text = of_limit(*quota, world); !text.empty()) return text;
    if (const auto* taken = decides ? std::get_if<AllTaken>(&*decides) : nullptr)
      holders = endless_of(world, taken->holders);
    if (const auto* mps = decides ? std::get_if<MpsOfOther>(&*decides) : nullptr)
      holders = endless_of(world, mps->holders);
  }
  if (!holders.empty()) return endless_job(holders.front(), gang.job);
  // 3. What it comes after, or else whoever runs.
  const Holder* endless = nullptr;
  for (const Holder& holder : world.holders) {
    if (holder.expected_end != never) continue;
    const bool nearer = before.contains(holder.job);
    if (endless == nullptr || nearer) endless = &holder;
    if (nearer) break;
  }
  std::string of_before;  // what it comes after waits itself
  for (const WaitingGroup& group : world.waiting)
    if (of_before.empty() && group.after.empty() && before.contains(group.job))
      of_before = "job " + format(group.job) + " waits too, and ";
  if (endless == nullptr) return of_before + "nothing that is expected to end makes room for it";
  if (before.contains(endless->job)) of_before.clear();
  return of_before + endless_job(endless->job, gang.job);
}

std::optional<std::string> limit_that_stays_full(const Snapshot& world, GangId gang,
                                                 const BlockerOf& blocker_of) {
  const WaitingGroup* group = group_of(world, gang);
  const auto blocker = group == nullptr ? std::nullopt : blocker_of(*group);
  const auto* quota = blocker ? std::get_if<OverQuota>(&*blocker) : nullptr;
  if (quota == nullptr || quota->first || !quota->kept_for.empty() || quota->unnamed > 0)
    return std::nullopt;
  for (const Holder& holder : world.holders)
    if (holder.expected_end != never &&
        std::find(quota->holders.begin(), quota->holders.end(), holder.job) != quota->holders.end())
      return std::nullopt;
  const std::string text = of_limit(*quota, world);
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace gangline
