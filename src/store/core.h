// What the sources of store/ share: the database with its statements.
#pragma once

#include <sqlite3.h>

#include "json/json.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace gangline {

// Numbers in the database; never given another meaning. Ends are told apart by whether they went
// well, so that an index finds the bad ones among a million.
enum EventKind : std::int64_t {
  kind_node_seen = 1,
  kind_foreign_use = 2,
  kind_job_submitted = 3,
  kind_start_asked = 4,
  kind_turns_returned = 5,
  kind_gang_started = 6,
  kind_gang_ended_well = 7,
  kind_gang_ended_badly = 8,
  kind_gang_again = 9,
  kind_stop_asked = 10,
  kind_waiting_ended = 11,
  kind_promised = 12,
  kind_promise_given_up = 13,
  kind_log_trimmed = 14,
  kind_room_asked = 15,
  kind_gang_measured = 16,
};

inline std::int64_t signed_of(std::uint64_t n) { return static_cast<std::int64_t>(n); }

struct StoreCore {
  explicit StoreCore(sqlite3* handle)
      : database(handle),
        begin(handle, "BEGIN IMMEDIATE"),
        end(handle, "COMMIT"),
        rollback(handle, "ROLLBACK"),
        add_event(handle, "INSERT INTO event (at, kind, job, gang, body) VALUES (?, ?, ?, ?, ?)"),
        add_job(handle,
                "INSERT INTO job (id, name, uid, ended, gangs_ended, spec, summary, person, "
                "submit_key) VALUES (?, ?, ?, 0, 0, ?, ?, ?, ?)"),
        put_summary(handle,
                    "UPDATE job SET ended = ?2, gangs_ended = ?3, summary = ?4 WHERE id = ?1"),
        put_note(handle, "INSERT OR REPLACE INTO note (key, value) VALUES (?, ?)"),
        put_used(handle,
                 "INSERT OR REPLACE INTO used (queue, owner, at, device_ms) VALUES (?, ?, ?, ?)"),
        put_hour(handle,
                 "INSERT OR REPLACE INTO used_hour (hour, owner, device_ms) VALUES (?, ?, ?)"),
        put_reading(handle,
                    "INSERT OR REPLACE INTO reading (node, step, at, devices) VALUES (?, ?, ?, ?)"),
        drop_readings(handle, "DELETE FROM reading WHERE step = ? AND at < ?"),
        put_reserved(handle, "INSERT INTO reservation (number, body) VALUES (?, ?)"),
        drop_reserved(handle, "DELETE FROM reservation WHERE number = ?"),
        find(handle, "SELECT uid, spec, summary, person FROM job WHERE id = ?"),
        find_name(handle, "SELECT max(id) FROM job WHERE name = ?1 AND (?2 < 0 OR uid = ?2)") {}

  // Statements are finalized before the database closes: members are destroyed in reverse order.
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  std::unique_ptr<sqlite3, Close> database;
  Statement begin, end, rollback, add_event, add_job, put_summary, put_note, put_used, put_hour;
  Statement put_reading, drop_readings, put_reserved, drop_reserved;
  Statement find, find_name;
  bool open_transaction = false;
  std::uint64_t last_event = 0;  // committed
  std::uint64_t appended = 0;    // since
  Result<void> trouble;          // the first write that failed since the last commit

  // Runs one write inside the transaction that the next commit ends.
  void write(Statement& statement) {
    if (!trouble) return;
    if (!open_transaction) {
      trouble = begin.run();
      open_transaction = trouble.ok();
    }
    if (trouble) trouble = statement.run();
  }

  static Result<std::pair<Job, JobSummary>> job_of(JobId id, std::int64_t uid,
                                                   const std::string& spec,
                                                   const std::string& summary,
                                                   const std::string& person,
                                                   SharedEnvironments& environments) {
    auto read_spec = from_json<JobSpec>(spec);
    if (!read_spec) return read_spec.error();
    read_spec->inherited = environments.share(read_spec->inherited);
    auto read_summary = from_json<JobSummary>(summary);
    if (!read_summary) return read_summary.error();
    Job job{id, read_summary->owner, static_cast<std::uint32_t>(uid), read_summary->submitted,
            std::make_shared<JobSpec>(std::move(*read_spec))};
    if (!person.empty()) {
      auto read_person = from_json<Person>(person);
      if (!read_person) return read_person.error();
      job.person = std::make_shared<const Person>(std::move(*read_person));
    }
    return std::pair{std::move(job), std::move(*read_summary)};
  }

  // The events of a query whose only column is event.body.
  static Result<std::vector<Event>> events(Statement& query) {
    std::vector<Event> events;
    std::optional<Error> broken;
    while (query.next()) {
      auto event = from_json<Event>(query.text(0));
      if (event) events.push_back(std::move(*event));
      else broken = event.error();
    }
    if (const auto read = query.trouble(); !read) return read.error();
    if (broken) return *broken;
    return events;
  }
};

}  // namespace gangline
