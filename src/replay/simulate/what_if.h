// What one changes about a history and its machines before it is run once more.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "replay/history.h"
#include "replay/simulate/simulation.h"

namespace gangline {

struct WhatIf {
  std::vector<std::string> add;  ///< "2:gpu-03": so many more nodes like that one; "gpu-03": one
  /// "2:gpu-03": that node and one more like it; "gpu-03": that one.
  std::vector<std::string> remove;
  std::vector<std::string> swap_models;  ///< "V100=A100": the devices of one model are of another
  double scale_arrivals = 1;             ///< so many times as many in the same time: 1.3
  std::vector<std::string> set;          ///< "queue.night.priority=5"
  /// "2026-01-05T08:00,2026-01-05T12:00,gpu-[01-04]": these nodes are down then; without them, all.
  std::vector<std::string> maintenance;
  std::string drain;        ///< "6h": nothing new starts on these nodes so long before; empty: 0
  std::string power_limit;  ///< "20kW": of all devices together; empty: none

  bool changes_something() const {
    return !add.empty() || !remove.empty() || !swap_models.empty() || scale_arrivals != 1 ||
           !set.empty() || !maintenance.empty() || !power_limit.empty();
  }
};

constexpr std::uint32_t most_nodes_added = 100'000;

/// What of it makes no sense on these machines, whatever the history: for before that is read.
Result<void> check(const WhatIf& what_if, const FoundCluster& found);

/// Changes all three, or says what of it makes no sense and changes none. What has no effect on
/// this history becomes one of its notes.
Result<void> apply(const WhatIf& what_if, History& history, FoundCluster& found,
                   SimulationSettings& settings);

}  // namespace gangline
