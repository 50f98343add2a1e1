// A history once more, on machines and under a policy that one chooses: the cycle that schedules
// live, with pretended machines and pretended time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/cluster.h"
#include "model/settings.h"
#include "replay/history.h"
#include "replay/simulate/outages.h"
#include "replay/simulate/power.h"
#include "replay/simulate/speeds.h"
#include "replay/simulate/timeline.h"
#include "schedule/policy.h"

namespace gangline {

struct SimulationSettings {
  Policy policy;
  Settings settings;  ///< queues; `policy` above counts
  /// What a job without a limit is taken to promise: so many times its run time; 0: nothing.
  double assumed_limit = 0;
  /// A job that does not start with the plan after its arrival leaves and never comes back.
  bool leaves_unless_started = false;
  /// A job ends when its limit is over, also where its history knows that it ran for longer.
  bool ends_at_limit = false;
  /// A gang that is stopped for others goes on later from where it was …
  bool keeps_work = true;
  Span restart_cost{0};  ///< … after so long on its devices
  Span start_cost{0};    ///< each start, the first one too, takes so long before it does any work
  /// How fast jobs are where they run; null: as their history says, wherever that is.
  std::shared_ptr<const Speeds> speeds;
  /// For GoesFirst::gittins: how much work gangs usually are, in device-time; empty: as in the
  /// history.
  std::vector<Span> usual_work;
  /// Nodes that are down for a while. A gang that still runs on one then is lost and begins anew.
  std::vector<Outage> outages;
  /// A start that would draw more waits, and so do all after it that draw power.
  std::optional<PowerLimit> power;
  /// Called now and then with the part that is done, 0 to 1. False: stop here.
  std::function<bool(double)> progress;
};

/// What became of one job.
enum class Lot : std::uint8_t {
  ended,    ///< it ran
  waited,   ///< it waits still, or runs, and nothing more will happen
  left,     ///< it did not start when it came (SimulationSettings::leaves_unless_started)
  hopeless  ///< these machines can never run it
};

/// A run that was stopped for others, or lost with its node.
struct Stint {
  Time started, ended;
  std::shared_ptr<const Allocation> where;  ///< never null
  bool keeps_work = false;
};

struct SimulatedJob {
  Lot lot = Lot::waited;
  std::optional<Time> started;  ///< for the first time
  std::optional<Time> ended;
  std::shared_ptr<const Allocation> where;  ///< of its newest run; null: it waits
  std::vector<Stint> stopped;               ///< the runs before
  Time resumed;                             ///< where there are some: when the newest began
};
inline Time newest_start(const SimulatedJob& job) {
  return job.stopped.empty() ? job.started.value_or(never) : job.resumed;
}

/// All its runs, the newest last; one that goes on ends at `end`.
std::vector<Stint> runs_of(const SimulatedJob& job, Time end);

/// When it waited: before its first run, and between runs; one that waits still does so until
/// `end`.
std::vector<std::pair<Time, Time>> waits_of(const SimulatedJob& job, Time submitted, Time end);

struct Simulated {
  std::vector<SimulatedJob> jobs;  ///< as in the history
  Timeline timeline;
  Time begin, end;  ///< first arrival; last arrival, end, or start of what never ends
  std::uint64_t plans = 0;
  std::uint64_t promises = 0, given_up = 0;
  std::uint64_t stops = 0;  ///< of gangs, for others
  std::uint64_t lost = 0;   ///< runs that an outage ended; each began anew
  bool stopped = false;     ///< `progress` said so
};

/// What the users of this history usually ask for.
std::vector<UsualTask> usual_in(const History& history);

/// How much work its jobs were, in device-time.
std::vector<Span> work_in(const History& history);

/// Jobs of a history that ask for more than there is ever are told as hopeless. Errors: the cluster
/// has no node that is up, the history has no job.
Result<Simulated> simulate(const History& history, const Cluster& cluster,
                           const SimulationSettings& settings);

}  // namespace gangline
