// The numbers of a service as text for Prometheus and whatever else reads that: OpenMetrics 1.0,
// and the older text format of Prometheus, version 0.0.4.
// https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/figures.h"

namespace gangline {

/// They differ in the names of counters' families, in units and in the last line.
enum class MetricsFormat : std::uint8_t { open_metrics, prometheus };

const char* content_type_of(MetricsFormat format);

/// Pure. What is not known has no line.
std::string metrics_text(const Figures& figures, MetricsFormat format);

enum class MetricKind : std::uint8_t { gauge, counter, histogram };

/// One row of the table that the text is written from.
struct MetricRow {
  std::string_view name;  ///< with its unit, without "_total"
  MetricKind kind;
  std::string_view unit;  ///< the end of the name; empty: none
  std::string_view help;
};
const std::vector<MetricRow>& metric_rows();

/// As a value of a label stands between its quotation marks.
std::string label_text(std::string_view value);

}  // namespace gangline
