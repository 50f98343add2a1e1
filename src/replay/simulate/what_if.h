// What one changes about a history and its machines before it is run once more.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "replay/history.h"

namespace gangline {

struct WhatIf {
  std::vector<std::string> add;     ///< "2:gpu-03": so many more nodes like that one; "gpu-03": one
  std::vector<std::string> remove;  ///< names of nodes
  std::vector<std::string> swap_models;  ///< "V100=A100": the devices of one model are of another
  double scale_arrivals = 1;             ///< so many times as many in the same time: 1.3

  bool changes_something() const {
    return !add.empty() || !remove.empty() || !swap_models.empty() || scale_arrivals != 1;
  }
};

constexpr std::uint32_t most_nodes_added = 100'000;

/// Changes both, or says what of it makes no sense and changes neither.
Result<void> apply(const WhatIf& what_if, History& history, FoundCluster& found);

}  // namespace gangline
