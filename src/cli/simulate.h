// `gang simulate`: a history once more, under other policies or on other machines.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"
#include "replay/simulate/what_if.h"

namespace gangline {

struct SimulateOptions {
  std::string history;  ///< a file; empty: what ran on this machine
  std::string from;     ///< "slurm": what its accounting has, on its nodes
  std::string since;    ///< a span; empty: 30 days
  std::string cluster;  ///< a file; empty: this machine, for what ran on it
  std::string format, queue, arrivals;
  std::string seed;                   ///< empty: 42
  std::vector<std::string> policies;  ///< "easy,fifo"; empty: the one in force here
  WhatIf what_if;
  PolicySettings policy_settings;  ///< of `what_if.set`
  std::optional<double> assumed_limit;
  bool processors_are_gpus = false;
  bool as_given = false;
  bool leaves_unless_started = false;
  bool ends_at_limit = false;
  bool loses_work = false;   ///< who is stopped for others begins anew
  std::string restart_cost;  ///< "30s"; empty: none
  std::string start_cost;    ///< the same, of each start, the first one too
  std::string speeds;        ///< a file that says how fast jobs are where; empty: the same anywhere
  std::string rounds;        ///< "60s": plans are made so often; empty: as the policy says
  bool each_queue = false;
  /// Policy under which the history is run as recorded, to see how far that is from the truth;
  /// "true": the one in force here; empty: that too, where the history tells true starts.
  std::string backtest;
  std::string page, csv, write_cluster;  ///< files to write; empty: none
  bool tells_progress = false;           ///< a line for each percent, for programs
};
int run_simulate(const SimulateOptions& options, Output& out);

}  // namespace gangline
