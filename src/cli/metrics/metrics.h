#pragma once

#include <string>

#include "cli/output.h"

namespace CLI {
class App;
}

namespace gangline {

/// `gang metrics`: numbers of the service as text, or a dashboard that shows them.
struct MetricsOptions {
  std::string format = "prometheus";
  bool dashboard = false;
};
/// `json`: print the numbers as JSON.
void add_metrics(CLI::App& app, MetricsOptions& options, bool& json);
int run_metrics(const MetricsOptions& options, Output& out);

}  // namespace gangline
