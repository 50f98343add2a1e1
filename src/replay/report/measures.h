// What a simulation comes to, in numbers.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "replay/history.h"
#include "replay/simulate/simulation.h"

namespace gangline {

/// Of all jobs that have the value; 0 where none has. Percentiles are the nearest rank.
struct Spread {
  double mean = 0, median = 0, p95 = 0, p99 = 0, longest = 0;
};

/// How far simulated starts are from those that a history tells, in seconds.
struct BacktestError {
  std::uint64_t jobs = 0;                    ///< with a start in both
  double mean_apart = 0;                     ///< without a sign
  double median_apart = 0;                   ///< the same
  double p95_apart = 0;                      ///< the same
  double mean_later = 0;                     ///< simulated less true
  double wait_true = 0, wait_simulated = 0;  ///< mean waits
};

struct Measures {
  std::uint64_t jobs = 0, started = 0, ended = 0, waited = 0, left = 0, hopeless = 0;
  Spread wait;        ///< seconds that it waited in all, until its newest start
  Spread completion;  ///< seconds from submission to end
  /// Completion by run time, of jobs that ran for at least ten seconds or as though they had
  /// (bounded slowdown: Feitelson, "Metrics for parallel job scheduling", 2001).
  Spread slowdown;
  double makespan = 0;   ///< seconds from the first arrival to the last end
  double gpu_hours = 0;  ///< that there were
  double gpu_hours_used = 0;
  double used_at_end = 0;  ///< part of the GPUs that are held when nothing more will happen
  std::array<double, idle_causes> gpu_hours_idle{};  ///< by IdleBecause
  /// Mean part of the GPUs, over time, that are free and of no use to what is usually asked for
  /// (schedule/rate/fragmentation.h); 0 to 1.
  double fragmentation = 0;
  /// Jain's index of the users' mean slowdowns: 1 when all fare alike, near 0 when one has it all.
  /// Where the history names at least two of whom a job ended.
  std::optional<double> fairness;
  std::uint64_t preemptions = 0;
  std::optional<std::uint64_t> lost;     ///< runs that began anew; empty: no node was taken away
  std::optional<double> kilowatt_hours;  ///< of all devices, where their watts are known
  std::optional<double> kilowatt_hours_used;  ///< of those in use, where watts under load are
  std::optional<double> cost;                 ///< of those in use, where their prices are known
  std::optional<BacktestError> backtest;      ///< where the history tells true starts
};

Measures measure(const History& history, const FoundCluster& found, const Simulated& simulated);

/// One simulation and what it comes to.
struct PolicyRun {
  std::string name;  ///< "easy", or "easy, 2 nodes more"
  Simulated simulated;
  Measures measures;
  /// The cluster that it ran on, which a what-if may have changed.
  FoundCluster cluster;
  double seconds = 0;  ///< that the simulation took
};

}  // namespace gangline
