#include "cli/metrics/metrics.h"

#include <CLI/CLI.hpp>

#include "cli/ask.h"
#include "json/json.h"
#include "metrics/dashboard.h"
#include "metrics/metrics_text.h"

namespace gangline {

void add_metrics(CLI::App& app, MetricsOptions& options, bool& json) {
  CLI::App* metrics =
      app.add_subcommand("metrics", "numbers of the service for Prometheus, as /metrics has them");
  metrics->add_option("--format", options.format, "prometheus (if left out) or openmetrics")
      ->check(CLI::IsMember({"prometheus", "openmetrics"}));
  metrics->add_flag("--dashboard", options.dashboard,
                    "print a dashboard of Grafana that shows them, as JSON");
  metrics->add_flag("--json", json, "print the numbers as one object of JSON");
  metrics->footer(
      "examples:\n  gang metrics > /var/lib/prometheus/node-exporter/gangline.prom\n"
      "  gang metrics --dashboard > gangline.json");
}

int run_metrics(const MetricsOptions& options, Output& out) {
  if (options.dashboard) {
    out.around().out(grafana_dashboard());
    return 0;
  }
  auto service = out.around().service();
  if (!service) return out.fail(service.error());
  const auto figures = ask<Figures>([&](auto reply) { (*service)->figures(reply); });
  if (!figures) return out.fail(figures.error());
  if (out.json()) {
    out.line(to_json(*figures));
    return 0;
  }
  out.around().out(metrics_text(*figures, options.format == "openmetrics"
                                              ? MetricsFormat::open_metrics
                                              : MetricsFormat::prometheus));
  return 0;
}

}  // namespace gangline
