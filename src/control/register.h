// What Gangline believes: the sum of all events. Only `apply` changes it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "model/event.h"
#include "model/snapshot.h"
#include "model/views.h"

namespace gangline {

/// Gangs that hold one allocation in turn: what one StartAsked began.
struct TurnRun {
  std::uint32_t first = 0;
  std::uint32_t count = 1;  ///< gangs that have not ended or been returned
  Time since;
  std::shared_ptr<const Allocation> allocation;
  std::string boot = {};  ///< see StartAsked
};

// The states of one gang, each with its own data alone. Waiting gangs stand in ranges
// (`JobState::fresh`, `again`), ended ones in the store.
struct Starting {
  Time asked;
};
struct Running {
  Time started;
  std::vector<Fence> fences;
};
/// What a gang went through that was stopped for others.
struct Interruptions {
  std::uint32_t count = 0;  ///< attempts that ended so; they cost none of its `retries`
  Progress progress;
};
struct HeldGang {
  std::uint32_t attempt = 1;
  std::shared_ptr<TurnRun> run;  ///< never null
  std::variant<Starting, Running> state;
  Interruptions before;
  std::optional<JobId> makes_room_for;           ///< it was asked to
  std::shared_ptr<const Allocation> where = {};  ///< where the engine placed it; null: as asked

  /// Never null; without parts while the engine has not placed it.
  const std::shared_ptr<const Allocation>& place() const { return where ? where : run->allocation; }
  /// Others wait for their turn on what it holds.
  bool takes_turns() const { return run->count > 1 && !run->allocation->parts.empty(); }
  /// Handed to an engine that places by itself, and not placed yet: for people it waits.
  bool waits_in_engine() const {
    return std::holds_alternative<Starting>(state) && place()->parts.empty();
  }
};

struct WaitsAgain {
  std::uint32_t attempt = 2;
  std::vector<DeviceId> avoid;  ///< devices of its earlier attempts
  Time since;
  Interruptions before;
};

struct GangRange {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

/// One job that has not ended.
struct JobState {
  Job job;
  std::shared_ptr<const ResourceRequest> request;  ///< of all gangs but the gather
  std::vector<JobId> after;                        ///< those that have not ended yet
  std::vector<GangRange> fresh;                    ///< waiting, never started; ascending, apart
  std::map<std::uint32_t, WaitsAgain> again;       ///< waiting after a failed attempt
  std::map<std::uint32_t, HeldGang> live;          ///< starting and running
  std::uint32_t alternatives_taken = 0;            ///< bit n: a gang got alternative n
  bool stop_asked = false;
  std::string stop_reason;
  std::uint32_t ended_well = 0, ended_badly = 0, never_ran = 0;
  std::optional<Time> first_start, last_end;
  std::optional<Ending> first_bad, last_ending;
  std::uint32_t timed = 0;  ///< gangs that ran to their end in this life of the service …
  Span total_run{0};        ///< … and how long together
  std::uint32_t counted_waiting = 0;  ///< of `waiting`, in the register's sum
  /// The newest promise to one of its gangs that was given up, while nothing better came.
  struct GivenUp {
    Time promised;
    std::string cause;
  };
  std::optional<GivenUp> given_up;

  std::uint32_t waiting() const;
  bool waits(std::uint32_t index) const;
  /// The gather waits for all others and starts only after they have ended well.
  bool gather_waits() const;
  /// It is all that waits, and others of its job start or run.
  bool gather_comes_next() const;
  bool ended() const;
  /// Jobs that must end well before this gang of it may begin; its own: all others of it.
  std::vector<JobId> awaited_by(std::uint32_t index) const;
};

/// The request of a gather: one task on one CPU.
std::shared_ptr<const ResourceRequest> gather_request();

class Register {
 public:
  /// Events about gangs that are not where the event says (a report that came twice) change
  /// nothing.
  void apply(const Event& event);
  /// True if `apply` would change something: then it is worth storing.
  bool concerns(const Event& event) const;

  /// A job that has ended stays until it is dropped, so that its last line can be stored.
  const std::map<JobId, JobState>& jobs() const { return jobs_; }
  const JobState* find(JobId id) const;
  void drop(JobId id);

  // So that a cycle need not look at each of many thousand jobs: those that …
  const std::set<JobId>& ended() const { return ended_; }  ///< … have ended and were not dropped
  const std::set<JobId>& live() const { return live_; }    ///< … have gangs that start or run
  /// … were concerned by an event since the last call of this.
  std::set<JobId> take_changed() { return std::exchange(changed_, {}); }
  /// … wait or hold in another way than at the last call of this, or are gone.
  std::set<JobId> take_unplanned() { return std::exchange(unplanned_, {}); }
  /// … come after `id` and have not heard yet how it ended.
  std::vector<JobId> followers(JobId id) const;
  std::uint64_t waiting_gangs() const { return waiting_gangs_; }
  /// What is kept of one person: jobs, and gangs of them that wait.
  struct Kept {
    std::uint64_t jobs = 0, waiting_gangs = 0;
  };
  Kept kept_of(const std::string& owner) const;

  std::shared_ptr<const Cluster> cluster() const { return cluster_; }
  const std::vector<ForeignUse>& foreign() const { return foreign_; }
  const std::map<GangId, PromiseMade>& promises() const { return promises_; }
  /// What waits because of `id` and must hear how it ended.
  void finish_dependency(JobId id);

 private:
  void on(const NodeSeen& event, Time at);
  void on(const ForeignUse& event, Time at);
  void on(const JobSubmitted& event, Time at);
  void on(const StartAsked& event, Time at);
  void on(const TurnsReturned& event, Time at);
  void on(const GangStarted& event, Time at);
  void on(const GangEnded& event, Time at);
  void on(const StopAsked& event, Time at);
  void on(const RoomAsked& event, Time at);
  void on(const WaitingEnded& event, Time at);
  void on(const Promised& event, Time at);
  void on(const PromiseGivenUp& event, Time at);
  void on(const LogTrimmed& event, Time at);
  void on(const GangMeasured& event, Time at);

  HeldGang* live(GangId gang, std::uint32_t attempt);
  void look_again_at(JobId id);
  void count_ending(JobState& job, const Ending& ending, std::uint32_t gangs, Time at);

  std::map<JobId, JobState> jobs_;
  std::set<JobId> ended_, live_, changed_, unplanned_;
  std::map<JobId, std::vector<JobId>> followers_;  ///< ascending
  std::uint64_t waiting_gangs_ = 0;
  std::map<std::string, Kept> kept_;
  std::map<GangId, PromiseMade> promises_;
  std::vector<ForeignUse> foreign_;
  std::shared_ptr<Cluster> cluster_ = std::make_shared<Cluster>();
};

/// The line of `gang list`, without `reason`.
JobSummary summary_of(const JobState& state);

}  // namespace gangline
