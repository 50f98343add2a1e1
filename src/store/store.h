// What happened, on disk: events in their order, and for each job the line that `gang list` shows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/event.h"
#include "model/figures.h"
#include "model/follow.h"
#include "model/job.h"
#include "model/queue.h"
#include "model/reservation.h"
#include "model/views.h"

namespace gangline {

struct StoreSettings {
  std::string path;  ///< of the database file; ":memory:" for none
  std::int64_t most_pages =
      0;  ///< of 4 KiB; for tests of a full disk. 0: as many as the disk holds
};

/// One run of a gang that is over.
struct PastRun {
  GangEnded end;
  Time ended;
  std::string name, owner;                       ///< of its job
  std::shared_ptr<const Allocation> allocation;  ///< null: not known
};

/// What a device did in a span: means, NaN where they are not known.
struct PastReading {
  float busy_percent, memory_bytes, power_watts;
};

/// Of all devices of a node, by their numbers.
struct PastReadings {
  Time at;  ///< the end of the span
  std::vector<PastReading> devices;
};

/// Sums of the first events.
struct EventsCounted {
  std::uint64_t up_to = 0;  ///< number of the last of them
  std::vector<QueueCounted> queues = {};
};

struct StoreCore;  // of core.h

class Store {
 public:
  /// Opens or makes the database and brings an older schema up to date; a newer one is refused.
  static Result<std::unique_ptr<Store>> open(const StoreSettings& settings);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Writing. Everything between two commits is on disk together or not at all. After a failed
  // commit nothing of it is stored, and the caller hands in all of it again.
  void append(const Event& event);
  void add_job(const Job& job, const JobSummary& summary);
  void put_summary(const JobSummary& summary);
  void put_cursor(const std::string& cursor) { put_note("cursor", cursor); }
  /// A short text under a name, in the place of what was put there before.
  void put_note(const std::string& key, const std::string& value);
  void put_counts(const EventsCounted& counts);
  /// In the place of what was put for the same queue and owner.
  void put_past_use(const PastUse& use);
  void put_past_hour(const PastHour& hour);
  /// Of a span of length `step`. Of all nodes, those of such spans that end before `oldest` are
  /// forgotten.
  void put_readings(NodeId node, Span step, const PastReadings& readings, Time oldest);
  void put_reservation(const Reservation& reservation);
  void drop_reservation(std::uint64_t number);
  /// From now on jobs have higher numbers than this one, until there are newer jobs.
  void number_after(std::uint64_t job) { number_after_ = job; }
  /// Returns when it is durable (written and synced), or says why it is not.
  Result<void> commit();

  // Reading. Sees what was committed.
  /// Of the newest job; numbers up to it are not given again.
  std::uint64_t last_job() const;
  /// Random, made with the store: no other store has it.
  std::string name() const { return note("name"); }
  std::string cursor() const { return note("cursor"); }
  std::string note(const std::string& key) const;  ///< empty: none
  /// Those that were put last; empty: none, or they cannot be read.
  std::optional<EventsCounted> counts() const;
  Result<std::vector<PastUse>> past_use() const;
  Result<std::vector<Reservation>> reservations() const;
  std::uint64_t last_reservation() const;  ///< the highest number that was ever given
  /// The newest `longest_period` of it.
  Result<std::vector<PastHour>> past_hours() const;
  /// Jobs that have not ended, oldest first, and each one's events, in their order.
  Result<std::vector<std::pair<Job, JobSummary>>> unfinished() const;
  Result<std::vector<Event>> events_of(JobId job) const;
  /// The newest NodeSeen of each node, by NodeId.
  Result<std::vector<NodeSeen>> nodes() const;
  /// Ended jobs, newest first, of those that `query` asks for.
  Result<std::vector<JobSummary>> ended(const ListQuery& query) const;
  /// The number of the newest event that was committed; they are numbered without gaps.
  std::uint64_t last_event() const;
  /// Events with higher numbers than this one, in order. A job's spec has its name alone.
  Result<std::vector<std::pair<std::uint64_t, Event>>> events_after(std::uint64_t number,
                                                                    std::uint32_t most) const;
  /// A letter for each of these gangs, as in GangCells: how it ended, or 'n' where it did not run
  /// to an end.
  Result<std::string> end_letters(JobId job, std::uint32_t first, std::uint32_t count) const;
  /// Runs of gangs of which a part lies between these times, those that ended last in front.
  Result<std::vector<PastRun>> runs_between(Time from, Time until, std::uint32_t most) const;
  /// That end between these times, in order.
  Result<std::vector<PastReadings>> readings_between(NodeId node, Span step, Time from,
                                                     Time until) const;
  Result<std::optional<std::pair<Job, JobSummary>>> find(JobId job) const;
  /// Its line, as it was stored last: without what is known only of jobs that have ended, if it has
  /// not.
  Result<std::optional<JobSummary>> summary(JobId job) const;
  /// The newest job of that name of each user who has one, the newest first; at most `most`.
  std::vector<JobId> newest_of_each(const std::string& name, std::uint32_t most) const;
  /// The job that this user submitted with this key.
  std::optional<JobId> find_key(std::uint32_t uid, const std::string& key) const;
  std::optional<JobId> find_newest(const std::string& name,
                                   std::optional<std::uint32_t> uid = std::nullopt) const;
  /// Of all gangs of the job that were measured; empty: none was.
  Result<std::optional<Joules>> energy_of(JobId job) const;
  /// Ended gangs of a job from number `first` on, in order; those that ended badly alone if
  /// `badly`.
  Result<std::vector<GangView>> ended_gangs(JobId job, std::uint32_t first, std::uint32_t most,
                                            bool badly) const;
  /// The newest GangEnded of all jobs that ran to their ends, at most `most`, oldest first.
  Result<std::vector<Event>> newest_ends(std::uint32_t most) const;
  /// Each WaitingEnded of the job: gangs that ended and never ran, or not again.
  Result<std::vector<Event>> ended_waiting(JobId job) const;
  /// Events that name this gang (starts of several gangs together as well), in order.
  Result<std::vector<Event>> events_of(GangId gang) const;
  std::uint64_t job_count() const;
  std::uint64_t ended_gang_count() const;

 private:
  using Core = StoreCore;
  explicit Store(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
  std::uint64_t number_after_ = 0;
};

}  // namespace gangline
