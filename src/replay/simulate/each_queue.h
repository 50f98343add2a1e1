// A cluster that is divided between its queues, as virtual clusters are.
#pragma once

#include "replay/simulate/simulation.h"

namespace gangline {

/// Each queue's jobs on the nodes that are the queue's own, each in a simulation of its own; what
/// comes out is the sum of all. Jobs of a queue without nodes are hopeless. Errors: those of
/// `simulate`; no node is of a queue that has jobs; a limit on power, which would be of all
/// together.
Result<Simulated> simulate_each_queue(const History& history, const FoundCluster& found,
                                      const SimulationSettings& settings);

/// Queues that have jobs and no node of their own, each once.
std::vector<std::string> queues_without_nodes(const History& history, const FoundCluster& found);

}  // namespace gangline
