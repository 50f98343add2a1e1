// A simulation that was asked for over the network.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"

namespace gangline {

enum class SimulationState : std::uint8_t { running, done, failed };
inline const char* name_of(SimulationState state) {
  return state == SimulationState::running ? "running"
         : state == SimulationState::done  ? "done"
                                           : "failed";
}

struct SimulationRun {
  std::uint64_t id = 0;
  SimulationState state = SimulationState::running;
  std::vector<std::string> options;  ///< of `gang simulate`
  Time started{0};
  std::optional<Time> ended = {};
  std::optional<double> progress = {};  ///< while it runs, 0 to 1
  std::string says = {};                ///< why it failed
  std::string page = {};                ///< path of its page, once it is done
};

/// What is asked for.
struct SimulationRequest {
  std::vector<std::string> options;
};

}  // namespace gangline
