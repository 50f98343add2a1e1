// The lines of `gang list`.
#include <algorithm>

#include "base/text.h"
#include "control/controller.h"

namespace gangline {
namespace {

bool is_asked_for(const JobState& job, const ListQuery& query) {
  const JobSpec& spec = *job.job.spec;
  return (query.name.empty() || spec.name == query.name) &&
         (query.owner.empty() || job.job.owner == query.owner) &&
         (query.queue.empty() || spec.queue == query.queue) &&
         (query.text.empty() || contains_text(spec.name, query.text) ||
          contains_text(job.job.owner, query.text));
}

}  // namespace

JobSummary Controller::line_of(const JobState& job) {
  JobSummary line = summary_of(job);
  const JobId id = job.job.id;
  // Gangs that are starting wait for nothing but the engine.
  if (line.starting > 0 && line.running == 0) line.reason = engine_.trouble();
  if (line.reason.empty())
    line.reason = line.waiting > 0 ? reason_of(id) : engine_.stands_still(id);
  const auto& promises = register_.promises();
  const auto promise = promises.lower_bound({id, 0});
  if (line.waiting > 0 && promise != promises.end() && promise->first.job == id)
    line.expected = promise->second.start;
  return line;
}

/// Jobs that have not ended, in the order in which they are listed.
std::vector<JobId> Controller::unfinished_in_order(const ListQuery& query) {
  std::vector<JobId> ids;
  if (query.by_start) {
    ids = cycle_.waiting_in_order();
    const std::set<JobId> there(ids.begin(), ids.end());
    for (const auto& [id, _] : register_.jobs())
      if (!there.contains(id)) ids.push_back(id);
    return ids;
  }
  const auto& jobs = register_.jobs();
  auto end = query.before.n == 0 ? jobs.end() : jobs.lower_bound(query.before);
  while (end != jobs.begin()) ids.push_back((--end)->first);
  return ids;
}

void Controller::list(const ListQuery& query, Reply<std::vector<JobSummary>> reply) {
  touch();
  std::vector<JobSummary> lines;
  const std::size_t most = std::min(query.limit, most_listed);
  for (const JobId id : unfinished_in_order(query)) {
    if (lines.size() >= most) break;
    const JobState* job = register_.find(id);
    if (job == nullptr || !is_asked_for(*job, query)) continue;
    if (query.phase && summary_of(*job).phase != *query.phase) continue;
    lines.push_back(line_of(*job));
  }
  if (lines.size() < most && (!query.phase || *query.phase == GangPhase::ended)) {
    const auto room = static_cast<std::uint32_t>(most - lines.size());
    const bool whole = query.all || query.phase.has_value();
    ListQuery asked = query;
    asked.limit = whole ? room : std::min(room, newest_ended_listed);
    auto ended = store_.ended(asked);
    if (!ended) return reply(ended.error());
    for (JobSummary& line : *ended)
      if (register_.find(line.id) == nullptr) lines.push_back(std::move(line));
  }
  if (!query.by_start)
    std::sort(lines.begin(), lines.end(), [](auto& a, auto& b) { return a.id > b.id; });
  reply(std::move(lines));
}

}  // namespace gangline
