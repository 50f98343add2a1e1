// Use over time in a bounded number of equal columns.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "replay/report/page_parts.h"

namespace gangline {

/// Amounts over time in equal columns.
class Columns {
 public:
  Columns(Time begin, Time end, std::size_t most);

  /// So much from then until then.
  void add(Time from, Time until, double amount);
  /// Of each column the mean of what was added.
  std::vector<double> means() const;
  Span width() const { return width_; }
  std::size_t count() const { return partly_.size(); }

 private:
  Time begin_;
  Span width_;
  std::vector<double> partly_;  ///< where an amount begins or ends inside a column
  std::vector<double> steps_;   ///< of amounts that fill columns: more or less from this one on
};

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
