#include "main/stored_jobs.h"

#include <algorithm>
#include <filesystem>

#include "control/register.h"
#include "store/store.h"

namespace gangline {
namespace {

/// What the events of jobs that have not ended come to, as a service begins with.
Result<Register> beliefs_in(const Store& store) {
  Register beliefs;
  const auto unfinished = store.unfinished();
  if (!unfinished) return unfinished.error();
  for (const auto& [job, _] : *unfinished) beliefs.apply({job.submitted, JobSubmitted{job}});
  for (const auto& [job, _] : *unfinished) {
    const auto events = store.events_of(job.id);
    if (!events) return events.error();
    for (const Event& event : *events) beliefs.apply(event);
  }
  return beliefs;
}

}  // namespace

Result<std::vector<JobSummary>> stored_jobs(const Places& places, const ListQuery& query) {
  std::vector<JobSummary> lines;
  std::error_code unknown;
  if (!std::filesystem::exists(store_path(places), unknown)) return lines;
  auto store = Store::open({store_path(places), 0});
  if (!store) return store.error();
  const auto beliefs = beliefs_in(**store);
  if (!beliefs) return beliefs.error();
  for (const auto& [_, job] : beliefs->jobs()) {
    JobSummary line = summary_of(job);
    if ((query.name.empty() || line.name == query.name) &&
        (!query.phase || line.phase == *query.phase))
      lines.push_back(std::move(line));
  }
  std::sort(lines.begin(), lines.end(), [](auto& a, auto& b) { return a.id > b.id; });
  const std::size_t most = std::min(query.limit, most_listed);
  if (lines.size() > most) lines.resize(most);
  if (query.phase && *query.phase != GangPhase::ended) return lines;
  const auto room = static_cast<std::uint32_t>(most - lines.size());
  const bool whole = query.all || query.phase.has_value();
  ListQuery asked = query;
  asked.limit = whole ? room : std::min(room, newest_ended_listed);
  auto ended = (*store)->ended(asked);
  if (!ended) return ended.error();
  for (JobSummary& line : *ended) lines.push_back(std::move(line));
  std::sort(lines.begin(), lines.end(), [](auto& a, auto& b) { return a.id > b.id; });
  return lines;
}

}  // namespace gangline
