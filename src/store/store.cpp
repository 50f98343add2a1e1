#include "store/store.h"

#include <sqlite3.h>

#include <algorithm>
#include <limits>

#include "json/json.h"
#include "store/core.h"
#include "store/schema.h"
#include "store/sqlite.h"

namespace gangline {
namespace {

struct Row {
  EventKind kind;
  std::optional<JobId> job;
  std::optional<std::uint32_t> gang;
};

struct RowOf {
  Row operator()(const NodeSeen&) const { return {kind_node_seen, {}, {}}; }
  Row operator()(const ForeignUse&) const { return {kind_foreign_use, {}, {}}; }
  Row operator()(const JobSubmitted& e) const { return {kind_job_submitted, e.job.id, {}}; }
  Row operator()(const StartAsked& e) const { return {kind_start_asked, e.job, e.first}; }
  Row operator()(const TurnsReturned& e) const { return {kind_turns_returned, e.job, e.first}; }
  Row operator()(const GangStarted& e) const {
    return {kind_gang_started, e.gang.job, e.gang.index};
  }
  Row operator()(const GangEnded& e) const {
    const EventKind kind = e.again                            ? kind_gang_again
                           : e.ending.cause == EndCause::done ? kind_gang_ended_well
                                                              : kind_gang_ended_badly;
    return {kind, e.gang.job, e.gang.index};
  }
  Row operator()(const StopAsked& e) const { return {kind_stop_asked, e.job, e.index}; }
  Row operator()(const RoomAsked& e) const { return {kind_room_asked, e.gang.job, e.gang.index}; }
  Row operator()(const WaitingEnded& e) const { return {kind_waiting_ended, e.job, e.index}; }
  Row operator()(const Promised& e) const { return {kind_promised, e.gang.job, e.gang.index}; }
  Row operator()(const PromiseGivenUp& e) const {
    return {kind_promise_given_up, e.gang.job, e.gang.index};
  }
  Row operator()(const GangMeasured& e) const {
    return {kind_gang_measured, e.gang.job, e.gang.index};
  }
  Row operator()(const LogTrimmed& e) const { return {kind_log_trimmed, e.gang.job, e.gang.index}; }
};

Result<void> execute(sqlite3* database, const char* sql) {
  const int code = sqlite3_exec(database, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return sqlite_error(database, code);
  return {};
}

Result<void> migrate(sqlite3* database, const std::string& path) {
  Statement ask(database, "PRAGMA user_version");
  const int found = ask.next() ? static_cast<int>(ask.number(0)) : 0;
  while (ask.next()) {
  }
  if (const auto read = ask.trouble(); !read) return read;
  if (found > schema_version)
    return Error{ErrorKind::version, "the store was written by a newer Gangline", path,
                 "use that one, or choose another place with GANGLINE_STATE"};
  for (int step = found; step < schema_version; ++step) {
    const std::string sql = "BEGIN IMMEDIATE;" + std::string(schema_steps[step]) +
                            "PRAGMA user_version = " + std::to_string(step + 1) + "; COMMIT;";
    if (const auto made = execute(database, sql.c_str()); !made) {
      sqlite3_exec(database, "ROLLBACK", nullptr, nullptr, nullptr);
      return made;
    }
  }
  return {};
}

}  // namespace

Store::Store(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const StoreSettings& settings) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(settings.path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<sqlite3, Core::Close> held(handle);
  if (code != SQLITE_OK) return sqlite_error(handle, code);
  sqlite3_busy_timeout(handle, 5000);
  // FULL: a commit returns after its bytes are synced, so it holds over a power cut.
  auto ready = execute(handle,
                       "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                       "PRAGMA wal_autocheckpoint = 2000; PRAGMA cache_size = -8000;");
  if (ready && settings.most_pages > 0)
    ready =
        execute(handle, ("PRAGMA max_page_count = " + std::to_string(settings.most_pages)).c_str());
  if (ready) ready = migrate(handle, settings.path);
  if (!ready) return ready.error();
  std::unique_ptr<Store> store(new Store(std::make_unique<Core>(held.release())));
  Statement newest(store->core_->database.get(), "SELECT coalesce(max(seq), 0) FROM event");
  if (newest.next()) store->core_->last_event = static_cast<std::uint64_t>(newest.number(0));
  return store;
}

void Store::append(const Event& event) {
  const Row row = std::visit(RowOf{}, event.body);
  Statement& add = core_->add_event;
  add.bind(1, event.at.us).bind(2, row.kind);
  if (row.job) add.bind(3, signed_of(row.job->n));
  else add.bind_null(3);
  if (row.gang) add.bind(4, std::int64_t{*row.gang});
  else add.bind_null(4);
  if (const auto* submitted = std::get_if<JobSubmitted>(&event.body)) {
    Event without_spec{event.at, *submitted};  // the spec stands in the job's own row
    std::get<JobSubmitted>(without_spec.body).job.spec.reset();
    add.bind(5, to_json(without_spec));
  } else {
    add.bind(5, to_json(event));
  }
  core_->write(add);
  ++core_->appended;
}

void Store::add_job(const Job& job, const JobSummary& summary) {
  core_->add_job.bind(1, signed_of(job.id.n))
      .bind(2, job.spec->name)
      .bind(3, std::int64_t{job.uid});
  core_->add_job.bind(4, to_json(*job.spec)).bind(5, to_json(summary));
  core_->add_job.bind(6, job.person ? to_json(*job.person) : std::string());
  if (job.spec->submit_key.empty()) core_->add_job.bind_null(7);
  else core_->add_job.bind(7, job.spec->submit_key);
  core_->write(core_->add_job);
}

void Store::put_summary(const JobSummary& summary) {
  Statement& put = core_->put_summary;
  put.bind(1, signed_of(summary.id.n))
      .bind(2, std::int64_t{summary.phase == GangPhase::ended ? 1 : 0});
  put.bind(3, std::int64_t{summary.ended_well} + summary.ended_badly + summary.never_ran)
      .bind(4, to_json(summary));
  core_->write(put);
}

void Store::put_note(const std::string& key, const std::string& value) {
  core_->put_note.bind(1, key).bind(2, value);
  core_->write(core_->put_note);
}

void Store::put_past_use(const PastUse& use) {
  core_->put_used.bind(1, use.queue).bind(2, use.owner);
  core_->put_used.bind(3, use.at.us).bind(4, use.device_ms);
  core_->write(core_->put_used);
}

void Store::put_past_hour(const PastHour& hour) {
  core_->put_hour.bind(1, hour.hour).bind(2, hour.owner).bind(3, hour.device_ms);
  core_->write(core_->put_hour);
}

void Store::put_reservation(const Reservation& reservation) {
  core_->put_reserved.bind(1, static_cast<std::int64_t>(reservation.number))
      .bind(2, to_json(reservation));
  core_->write(core_->put_reserved);
}

void Store::drop_reservation(std::uint64_t number) {
  core_->drop_reserved.bind(1, static_cast<std::int64_t>(number));
  core_->write(core_->drop_reserved);
}

Result<void> Store::commit() {
  if (core_->trouble && core_->open_transaction) core_->trouble = core_->end.run();
  Result<void> outcome = core_->trouble;
  if (!outcome && sqlite3_get_autocommit(core_->database.get()) == 0)
    (void)
        core_->rollback.run();  // nothing more can be done, and SQLite rolls back by itself on open
  core_->open_transaction = false;
  core_->trouble = {};
  core_->last_event += outcome ? core_->appended : 0;
  core_->appended = 0;
  return outcome;
}

std::uint64_t Store::last_job() const {
  Statement query(core_->database.get(), "SELECT coalesce(max(id), 0) FROM job");
  const std::uint64_t newest = query.next() ? static_cast<std::uint64_t>(query.number(0)) : 0;
  return std::max(newest, number_after_);
}

std::string Store::note(const std::string& key) const {
  Statement query(core_->database.get(), "SELECT value FROM note WHERE key = ?1");
  query.bind(1, key);
  return query.next() ? query.text(0) : std::string();
}

Result<std::vector<PastUse>> Store::past_use() const {
  Statement query(core_->database.get(), "SELECT queue, owner, at, device_ms FROM used");
  std::vector<PastUse> all;
  while (query.next())
    all.push_back({query.text(0), query.text(1), Time{query.number(2)}, query.number(3)});
  if (const auto read = query.trouble(); !read) return read.error();
  return all;
}

Result<std::vector<Reservation>> Store::reservations() const {
  Statement query(core_->database.get(), "SELECT body FROM reservation ORDER BY number");
  std::vector<Reservation> all;
  while (query.next()) {
    auto one = from_json<Reservation>(query.text(0));
    if (!one) return one.error();
    all.push_back(*std::move(one));
  }
  if (const auto read = query.trouble(); !read) return read.error();
  return all;
}

std::uint64_t Store::last_reservation() const {
  Statement query(core_->database.get(),
                  "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'reservation'");
  return query.next() ? static_cast<std::uint64_t>(query.number(0)) : 0;
}

Result<std::vector<PastHour>> Store::past_hours() const {
  Statement query(core_->database.get(),
                  "SELECT owner, hour, device_ms FROM used_hour "
                  "WHERE hour >= (SELECT max(hour) FROM used_hour) - ?");
  query.bind(1, longest_period.us / hours(1).us);
  std::vector<PastHour> all;
  while (query.next()) all.push_back({query.text(0), query.number(1), query.number(2)});
  if (const auto read = query.trouble(); !read) return read.error();
  return all;
}

Result<std::vector<std::pair<Job, JobSummary>>> Store::unfinished() const {
  Statement query(core_->database.get(),
                  "SELECT id, uid, spec, summary, person FROM job WHERE ended = 0 ORDER BY id");
  std::vector<std::pair<Job, JobSummary>> jobs;
  SharedEnvironments environments;
  while (query.next()) {
    auto job = Core::job_of(JobId{static_cast<std::uint64_t>(query.number(0))}, query.number(1),
                            query.text(2), query.text(3), query.text(4), environments);
    if (!job) return job.error();
    jobs.push_back(std::move(*job));
  }
  if (const auto read = query.trouble(); !read) return read.error();
  return jobs;
}

Result<std::vector<Event>> Store::events_of(JobId job) const {
  Statement query(core_->database.get(), "SELECT body FROM event WHERE job = ? ORDER BY seq");
  query.bind(1, signed_of(job.n));
  return Core::events(query);
}

Result<std::vector<NodeSeen>> Store::nodes() const {
  Statement query(core_->database.get(), "SELECT body FROM event WHERE kind = 1 ORDER BY seq");
  auto events = Core::events(query);
  if (!events) return events.error();
  std::vector<NodeSeen> nodes;
  for (const Event& event : *events) {
    const auto* seen = std::get_if<NodeSeen>(&event.body);
    if (seen == nullptr) continue;
    if (nodes.size() <= seen->id.n) nodes.resize(seen->id.n + 1);
    nodes[seen->id.n] = *seen;
  }
  return nodes;
}

Result<std::vector<JobSummary>> Store::ended(const ListQuery& asked) const {
  // Owner and queue stand in the summary alone, where they are looked for as they are written.
  const auto written = [](const char* key, const std::string& value) {
    return value.empty() ? value : std::string("\"") + key + "\":" + json_text(value);
  };
  Statement query(core_->database.get(),
                  asked.name.empty()
                      ? "SELECT summary FROM job WHERE ended = 1 AND id < ?2 AND ?3 = '' "
                        "AND instr(summary, ?4) AND instr(summary, ?5) AND (?6 = '' OR "
                        "instr(lower(name), lower(?6)) OR instr(lower(json_extract(summary, "
                        "'$.owner')), lower(?6))) "
                        "ORDER BY id DESC LIMIT ?1"
                      : "SELECT summary FROM job WHERE ended = 1 AND id < ?2 AND name = ?3 "
                        "AND instr(summary, ?4) AND instr(summary, ?5) AND (?6 = '' OR "
                        "instr(lower(name), lower(?6)) OR instr(lower(json_extract(summary, "
                        "'$.owner')), lower(?6))) "
                        "ORDER BY id DESC LIMIT ?1");
  query.bind(1, std::int64_t{asked.limit})
      .bind(2, asked.before.n == 0 ? std::numeric_limits<std::int64_t>::max()
                                   : signed_of(asked.before.n))
      .bind(3, asked.name)
      .bind(4, written("owner", asked.owner))
      .bind(5, written("queue", asked.queue))
      .bind(6, asked.text);
  std::vector<JobSummary> summaries;
  while (query.next()) {
    auto summary = from_json<JobSummary>(query.text(0));
    if (!summary) return summary.error();
    summaries.push_back(std::move(*summary));
  }
  if (const auto read = query.trouble(); !read) return read.error();
  return summaries;
}

Result<std::optional<JobSummary>> Store::summary(JobId job) const {
  Statement query(core_->database.get(), "SELECT summary FROM job WHERE id = ?1");
  query.bind(1, signed_of(job.n));
  if (!query.next()) return std::optional<JobSummary>();
  auto summary = from_json<JobSummary>(query.text(0));
  if (!summary) return summary.error();
  return std::optional(std::move(*summary));
}

Result<std::optional<std::pair<Job, JobSummary>>> Store::find(JobId job) const {
  core_->find.bind(1, signed_of(job.n));
  SharedEnvironments alone;
  std::optional<std::pair<Job, JobSummary>> found;
  std::optional<Error> broken;
  while (core_->find.next()) {
    auto read = Core::job_of(job, core_->find.number(0), core_->find.text(1), core_->find.text(2),
                             core_->find.text(3), alone);
    if (read) found = std::move(*read);
    else broken = read.error();
  }
  if (const auto read = core_->find.trouble(); !read) return read.error();
  if (broken) return *broken;
  return found;
}

std::optional<JobId> Store::find_newest(const std::string& name,
                                        std::optional<std::uint32_t> uid) const {
  core_->find_name.bind(1, name).bind(2, uid ? std::int64_t{*uid} : std::int64_t{-1});
  std::optional<JobId> found;
  while (core_->find_name.next())
    if (!core_->find_name.is_null(0))
      found = JobId{static_cast<std::uint64_t>(core_->find_name.number(0))};
  return found;
}

std::optional<JobId> Store::find_key(std::uint32_t uid, const std::string& key) const {
  Statement query(core_->database.get(), "SELECT id FROM job WHERE uid = ?1 AND submit_key = ?2");
  query.bind(1, std::int64_t{uid}).bind(2, key);
  std::optional<JobId> found;
  while (query.next()) found = JobId{static_cast<std::uint64_t>(query.number(0))};
  return found;
}

std::vector<JobId> Store::newest_of_each(const std::string& name, std::uint32_t most) const {
  Statement query(core_->database.get(),
                  "SELECT max(id) FROM job WHERE name = ? GROUP BY uid ORDER BY 1 DESC LIMIT ?");
  query.bind(1, name).bind(2, std::int64_t{most});
  std::vector<JobId> found;
  while (query.next()) found.push_back(JobId{static_cast<std::uint64_t>(query.number(0))});
  return found;
}

Result<std::optional<Joules>> Store::energy_of(JobId job) const {
  Statement query(core_->database.get(), "SELECT body FROM event WHERE job = ? AND kind = 16");
  query.bind(1, signed_of(job.n));
  auto events = Core::events(query);
  if (!events) return events.error();
  std::optional<Joules> all;
  for (const Event& event : *events)
    if (const auto* measured = std::get_if<GangMeasured>(&event.body); measured && measured->energy)
      all = Joules{all.value_or(Joules{}).j + measured->energy->j};
  return all;
}

Result<std::vector<GangView>> Store::ended_gangs(JobId job, std::uint32_t first, std::uint32_t most,
                                                 bool badly) const {
  Statement query(core_->database.get(),
                  badly ? "SELECT body FROM event INDEXED BY event_badly WHERE job = ?1 AND gang "
                          ">= ?2 AND kind = 8 "
                          "ORDER BY gang LIMIT ?3"
                        : "SELECT body FROM event WHERE job = ?1 AND gang >= ?2 AND kind IN (7, 8) "
                          "ORDER BY gang LIMIT ?3");
  query.bind(1, signed_of(job.n)).bind(2, std::int64_t{first}).bind(3, std::int64_t{most});
  auto events = Core::events(query);
  if (!events) return events.error();
  std::vector<GangView> gangs;
  for (const Event& event : *events) {
    const auto& ended = std::get<GangEnded>(event.body);
    GangView gang;
    gang.id = ended.gang;
    gang.attempt = ended.attempt;
    gang.phase = GangPhase::ended;
    if (ended.started.us > 0) gang.started = ended.started;
    gang.ended = event.at;
    gang.ending = ended.ending;
    gangs.push_back(std::move(gang));
  }
  return gangs;
}

Result<std::vector<Event>> Store::newest_ends(std::uint32_t most) const {
  Statement query(core_->database.get(),
                  "SELECT body FROM event WHERE kind IN (7, 8) ORDER BY seq DESC LIMIT ?1");
  query.bind(1, std::int64_t{most});
  auto events = Core::events(query);
  if (events) std::reverse(events->begin(), events->end());
  return events;
}

Result<std::vector<Event>> Store::ended_waiting(JobId job) const {
  Statement query(core_->database.get(),
                  "SELECT body FROM event WHERE job = ?1 AND kind = 11 ORDER BY seq");
  query.bind(1, signed_of(job.n));
  return Core::events(query);
}

Result<std::vector<Event>> Store::events_of(GangId gang) const {
  // A start may name several gangs: those from `first` on, at most as many as one start may hold.
  Statement query(
      core_->database.get(),
      "SELECT body FROM event WHERE job = ?1 AND gang = ?2 UNION ALL "
      "SELECT body FROM (SELECT body FROM event WHERE job = ?1 AND gang < ?2 AND kind = 4 "
      "ORDER BY gang DESC, seq DESC LIMIT 8)");
  query.bind(1, signed_of(gang.job.n)).bind(2, std::int64_t{gang.index});
  auto events = Core::events(query);
  if (!events) return events.error();
  std::erase_if(*events, [&](const Event& event) {
    const auto* asked = std::get_if<StartAsked>(&event.body);
    return asked != nullptr &&
           (asked->first > gang.index || gang.index - asked->first >= asked->count);
  });
  std::stable_sort(events->begin(), events->end(),
                   [](const Event& a, const Event& b) { return a.at < b.at; });
  return events;
}

std::uint64_t Store::job_count() const {
  Statement query(core_->database.get(), "SELECT count(*) FROM job");
  return query.next() ? static_cast<std::uint64_t>(query.number(0)) : 0;
}

std::uint64_t Store::ended_gang_count() const {
  Statement query(core_->database.get(), "SELECT coalesce(sum(gangs_ended), 0) FROM job");
  return query.next() ? static_cast<std::uint64_t>(query.number(0)) : 0;
}

}  // namespace gangline
