// A dashboard of Grafana over the metrics of metrics_text.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gangline {

struct DashboardLine {
  std::string_view query;   ///< PromQL
  std::string_view legend;  ///< "{{queue}}"
};
struct DashboardPanel {
  std::string_view title;
  std::string_view unit;  ///< as Grafana names it: "s", "bytes", "percentunit"
  std::vector<DashboardLine> lines;
};
struct DashboardRow {
  std::string_view title;
  std::vector<DashboardPanel> panels;
};
const std::vector<DashboardRow>& dashboard_rows();

/// As Grafana reads it, from version 9 on. Where the numbers come from is a variable of it.
std::string grafana_dashboard();

}  // namespace gangline
