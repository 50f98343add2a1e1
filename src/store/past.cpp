// What those ask the store who look back: events after a number, what ran when.
#include "store/core.h"

namespace gangline {

std::uint64_t Store::last_event() const { return core_->last_event; }

Result<std::vector<std::pair<std::uint64_t, Event>>> Store::events_after(std::uint64_t number,
                                                                         std::uint32_t most) const {
  Statement query(core_->database.get(),
                  "SELECT event.body, event.seq, job.name FROM event LEFT JOIN job ON event.kind "
                  "= 3 AND job.id = event.job WHERE event.seq > ?1 ORDER BY event.seq LIMIT ?2");
  query.bind(1, signed_of(number)).bind(2, std::int64_t{most});
  std::vector<std::pair<std::uint64_t, Event>> all;
  while (query.next()) {
    auto event = from_json<Event>(query.text(0));
    if (!event) return event.error();
    if (auto* submitted = std::get_if<JobSubmitted>(&event->body)) {
      auto spec = std::make_shared<JobSpec>();
      spec->name = query.text(2);
      submitted->job.spec = std::move(spec);
    }
    all.emplace_back(static_cast<std::uint64_t>(query.number(1)), *std::move(event));
  }
  if (const auto read = query.trouble(); !read) return read.error();
  return all;
}

Result<std::string> Store::end_letters(JobId job, std::uint32_t first, std::uint32_t count) const {
  Statement query(core_->database.get(),
                  "SELECT gang, kind, instr(body, '\"cause\":\"stopped\"') FROM event "
                  "WHERE job = ?1 AND gang >= ?2 AND gang < ?3 AND kind IN (7, 8)");
  query.bind(1, signed_of(job.n)).bind(2, std::int64_t{first}).bind(3, std::int64_t{first} + count);
  std::string letters(count, 'n');
  while (query.next())
    letters[static_cast<std::size_t>(query.number(0) - first)] =
        query.number(1) == kind_gang_ended_well ? 'd'
        : query.number(2) != 0                  ? 'x'
                                                : 'f';
  if (const auto read = query.trouble(); !read) return read.error();
  return letters;
}

Result<std::vector<PastRun>> Store::runs_between(Time from, Time until, std::uint32_t most) const {
  Statement query(core_->database.get(),
                  "SELECT event.body, job.name, job.summary FROM event JOIN job ON job.id = "
                  "event.job WHERE event.kind IN (7, 8, 9) AND event.at >= ?1 "
                  "ORDER BY event.at DESC");
  query.bind(1, from.us);
  std::vector<PastRun> runs;
  while (runs.size() < most && query.next()) {
    auto event = from_json<Event>(query.text(0));
    if (!event) return event.error();
    auto& end = std::get<GangEnded>(event->body);
    if (end.started.us == 0 || end.started > until) continue;
    auto summary = from_json<JobSummary>(query.text(2));
    if (!summary) return summary.error();
    runs.push_back({std::move(end), event->at, query.text(1), std::move(summary->owner), nullptr});
  }
  if (const auto read = query.trouble(); !read) return read.error();
  for (PastRun& run : runs) {
    auto events = events_of(run.end.gang);
    if (!events) return events.error();
    for (const Event& event : *events) {
      if (const auto* asked = std::get_if<StartAsked>(&event.body);
          asked != nullptr && asked->attempt == run.end.attempt)
        run.allocation = asked->allocation;
      if (const auto* started = std::get_if<GangStarted>(&event.body);
          started != nullptr && started->attempt == run.end.attempt && started->where)
        run.allocation = started->where;
    }
  }
  return runs;
}

}  // namespace gangline
