// How long gangs that wait will run, from what ran before and from what runs beside them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "model/event.h"
#include "schedule/order/predictor.h"

namespace gangline {

/// Whether this end says how long such gangs run.
bool tells_run_time(const GangEnded& ended);

/// Gangs of one user, name, queue and size that come one soon after the other are a *batch*, and
/// mostly run about as long. So what is foretold of one that waits is the mean (of logarithms) of
/// what the predictor says, which counts for more the less it erred so far, of the runs of those of
/// its batch that have ended, and of twice the time of those that run already for longer than they
/// should.
///
/// It changes when one of a batch ends and, as those that run go on, at whole multiples of
/// `looks_every`; it depends on what happened and on that time, not on when it was asked.
class Foresight {
 public:
  static constexpr Span looks_every = minutes(5);

  void submitted(const Job& job, Time at);
  void started(GangId gang, Time at);
  /// It ran for so long from beginning to end.
  void ended(GangId gang, Span run);
  /// How long it would have run is not known.
  void interrupted(GangId gang);
  void waits_again(JobId job);
  /// None of its gangs waits any more.
  void none_waits(JobId job);
  void forget(JobId job);
  /// What ended earlier, oldest first.
  void recall(const ToRun& gang, Span run) { predictor_.learn(gang, predictor_.guess(gang), run); }

  /// Empty: nothing has ended yet.
  std::optional<Span> run_of(JobId job) const;
  /// The same, with how sure it is.
  std::optional<Prediction> prediction_of(JobId job) const;
  /// Looks at those who wait; of these jobs another run is foretold than before.
  std::set<JobId> renewed(Time now);

 private:
  /// Runs of a batch: so many, rounded down to a power of two, and the mean of their logarithms, in
  /// quarters. So coarse that a small change moves nobody in the order.
  struct Evidence {
    double runs = 0, mean = 0;
    bool operator==(const Evidence&) const = default;
  };
  struct Batch {
    std::string likeness;
    Time newest;                             ///< submission
    std::optional<Prediction> newest_guess;  ///< of the predictor
    std::set<JobId> jobs, waiting;
    std::set<std::pair<Time, GangId>> running;  ///< by start
    std::uint32_t ended = 0;
    double sum = 0;  ///< of the logarithms of their runs
    Evidence seen;   ///< what is foretold goes by that
    bool changed = true;
  };
  struct Known {
    std::uint64_t batch = 0;
    ToRun gang;
    Predictor::Guesses guesses;
    std::optional<Prediction> guess;  ///< the best of them
    std::map<std::uint32_t, Time> started;
  };
  static Evidence look_at(const Batch& batch, Time now);
  Batch* batch_of(JobId job);
  Batch& batch_for(std::string likeness, Time at, std::uint64_t& id);
  void stopped_running(Known& known, GangId gang);
  void forget_batch_if_idle(std::uint64_t id, Time now);
  void forget_old_likenesses(Time now);

  Predictor predictor_;
  std::unordered_map<JobId, Known> known_;
  std::map<std::uint64_t, Batch> batches_;
  std::set<std::uint64_t> waiting_;              ///< batches of which some wait
  std::map<std::string, std::uint64_t> newest_;  ///< batch of each likeness
  std::uint64_t batches_made_ = 0;
  std::size_t tidy_at_ = 1'000;  ///< likenesses
  Time newest_submission_{0};
  Time looked_{0};
};

}  // namespace gangline
