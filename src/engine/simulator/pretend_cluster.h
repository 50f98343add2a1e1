// Machines that are not there, in time that passes when somebody says so. They outlive the engines
// that speak for them, as real ones outlive the service.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <unordered_map>
#include <vector>

#include "engine/engine.h"

namespace gangline {

/// What becomes of a gang that is left alone.
struct PretendRun {
  Span length{0};
  Ending ending;
  bool starts = true;  ///< false: there is no such program
  bool ignores_stop = false;
  bool keeps_limit = true;  ///< false: nobody ends it when its time is up
};
/// Of gang `index` of this order, where it was placed.
using PretendRuns = std::function<PretendRun(const StartOrder& order, std::uint32_t index)>;

class PretendCluster {
 public:
  /// `begin` is after 0, the time at which a gang that never ran has started.
  PretendCluster(std::vector<Node> nodes, PretendRuns runs, Time begin = Time{1})
      : nodes_(std::move(nodes)), runs_(std::move(runs)), now_(begin) {}

  Time now() const { return now_; }
  /// When something happens next by itself; `never`: nothing will.
  Time next();
  /// Lets all happen that does until then.
  void pass_to(Time until);

  const std::vector<Node>& nodes() const { return nodes_; }
  void start(const StartOrder& order);
  void stop(const StopOrder& order);
  void return_turns(JobId job, std::uint32_t first, std::uint32_t count);

  /// What happened after the first `after` events, which number from 1.
  std::vector<Event> events_after(std::uint64_t after) const;
  std::uint64_t events() const { return forgotten_ + journal_.size(); }
  void forget(std::uint64_t up_to);

 private:
  using Place = std::uint64_t;  ///< of one order; never used again
  struct Turns {
    StartOrder order;
    std::deque<std::uint32_t> left;  ///< gangs that have not ended, the first of them running
    Time started;
    PretendRun run;             ///< of the first
    std::uint64_t version = 0;  ///< of its end: stops and limits move it
    std::optional<Ending> stopping;
  };
  struct End {
    Time at;
    std::uint64_t order = 0;  ///< of equal times the one that was known first
    Place place = 0;
    std::uint64_t version = 0;
    auto operator<=>(const End&) const = default;
  };
  using Attempt = std::pair<GangId, std::uint32_t>;
  struct AttemptHash {
    std::size_t operator()(const Attempt& attempt) const {
      return (attempt.first.job.n * 0x9e3779b97f4a7c15U + attempt.first.index) * 31 +
             attempt.second;
    }
  };

  void tell(Time at, EventBody body);
  /// Starts the first of those left; those that cannot start end at once.
  void begin_first(Place place);
  void end_first(Place place, const Ending& ending);
  void end_later(Place place, Time at);
  /// Whether it will come, and was not moved.
  bool holds(const End& end) const;

  std::vector<Node> nodes_;
  PretendRuns runs_;
  Time now_;
  Place last_place_ = 0;
  std::uint64_t ends_known_ = 0;
  std::unordered_map<Place, Turns> turns_;
  std::unordered_map<Attempt, Place, AttemptHash> known_;  ///< until their end is forgotten
  std::map<std::pair<JobId, std::uint32_t>, Place> live_;  ///< by the gang, running or in turn
  std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
  std::deque<Event> journal_;
  std::uint64_t forgotten_ = 0;
};

}  // namespace gangline
