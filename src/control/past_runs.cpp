#include "control/past_runs.h"

#include <unordered_map>

namespace gangline {

Result<void> recall_past_runs(const Store& store, Cycle& cycle) {
  const auto ends = store.newest_ends(most_past_runs);
  if (!ends) return ends.error();
  std::unordered_map<JobId, std::optional<std::pair<Job, JobSummary>>> jobs;
  for (const Event& event : *ends) {
    const auto& ended = std::get<GangEnded>(event.body);
    const auto [known, is_new] = jobs.try_emplace(ended.gang.job);
    if (is_new) {
      auto found = store.find(ended.gang.job);
      if (!found) return found.error();
      known->second = std::move(*found);
    }
    // Those of jobs that have not ended are recalled with all the rest of their jobs.
    if (!known->second || known->second->second.phase != GangPhase::ended) continue;
    const Job& job = known->second->first;
    const JobSpec& spec = *job.spec;
    if (!tells_run_time(ended) || (spec.gather && ended.gang.index == gather_index(spec))) continue;
    cycle.recall_run(to_run(job.owner, spec.name, spec.queue, spec.resources, spec.time),
                     event.at - ended.started);
  }
  return {};
}

}  // namespace gangline
