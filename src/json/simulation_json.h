// JSON of simulations that are asked for over the network; see json.h.
#pragma once

#include "json/json.h"
#include "model/simulation_run.h"

namespace gangline {

std::string to_json(const SimulationRun& one);
std::string to_json(const std::vector<SimulationRun>& all);
template <>
Result<SimulationRun> from_json<SimulationRun>(std::string_view text);
template <>
Result<SimulationRequest> request_from_json<SimulationRequest>(std::string_view text);

}  // namespace gangline
