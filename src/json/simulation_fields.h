// The fields of simulations that are asked for over the network. For the sources of json/ alone.
#pragma once

#include "json/mapping.h"
#include "model/simulation_run.h"

namespace gangline::mapping {

template <>
struct AllOf<SimulationState> {
  static constexpr SimulationState values[] = {SimulationState::running, SimulationState::done,
                                               SimulationState::failed};
};

template <class M>
void fields(M& m, SimulationRun& v) {
  m("id", v.id);
  m("state", v.state);
  m("options", v.options);
  m("started", v.started);
  m("ended", v.ended);
  m("progress", v.progress);
  m("says", v.says);
  m("page", v.page);
}
template <class M>
void fields(M& m, SimulationRequest& v) {
  m("options", v.options);
}

}  // namespace gangline::mapping
