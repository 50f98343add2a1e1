// The flags of `gang simulate`.
#pragma once

#include "cli/simulate.h"

namespace CLI {
class App;
}

namespace gangline {

/// What the parser fills in.
struct SimulateWords {
  SimulateOptions& options;
  bool& json;
  bool& quiet;
};
void add_simulate(CLI::App& app, const SimulateWords& words);

}  // namespace gangline
