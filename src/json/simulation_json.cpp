#include "json/simulation_json.h"

#include "json/simulation_fields.h"

namespace gangline {

std::string to_json(const SimulationRun& one) { return mapping::text_of(one); }
std::string to_json(const std::vector<SimulationRun>& all) { return mapping::text_of(all); }
template <>
Result<SimulationRun> from_json<SimulationRun>(std::string_view text) {
  return mapping::value_of<SimulationRun>(text);
}
template <>
Result<SimulationRequest> request_from_json<SimulationRequest>(std::string_view text) {
  return mapping::value_of<SimulationRequest>(text, true);
}

}  // namespace gangline
