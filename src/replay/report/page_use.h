// Use over time in a bounded number of equal columns.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "replay/report/page_parts.h"

namespace gangline {

/// Means over a column of time: GPUs, or CPUs where there is no GPU.
struct UseColumn {
  double used = 0;
  std::array<double, idle_causes> idle{};
  double idle_unknown = 0;  ///< CPUs, of which no cause is kept
  double waiting = 0;       ///< what those that wait ask for
};

struct UseOverTime {
  Time begin;
  Span width{1};  ///< of a column
  double capacity = 0;
  std::vector<UseColumn> columns;
};

UseOverTime use_over_time(const PageScene& scene, const PolicyRun& run, std::size_t most_columns);

}  // namespace gangline
