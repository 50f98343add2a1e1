// For the tests of simulations: small worlds, in whole seconds.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "replay/simulate/simulation.h"

namespace gangline {

struct SmallJob {
  std::int64_t at = 0;
  std::uint32_t gpus = 1;
  std::int64_t run = 1;
  std::int64_t limit = 0;  ///< 0: none
  std::string queue = {};
};

inline PastJob past_job(const SmallJob& small) {
  ResourceRequest request;
  if (small.gpus > 0) request.alternatives.front().devices.emplace().count = small.gpus;
  PastJob job;
  job.request = std::make_shared<const ResourceRequest>(request);
  job.submitted = Time{} + seconds(small.at);
  job.run = seconds(small.run);
  if (small.limit > 0) job.limit = seconds(small.limit);
  job.queue = small.queue;
  return job;
}

inline History small_history(const std::vector<SmallJob>& jobs) {
  History history;
  for (const SmallJob& job : jobs) {
    history.jobs.push_back(past_job(job));
    history.jobs.back().id = std::to_string(history.jobs.size());
  }
  return history;
}

/// Nodes a, b, … of `gpus` GPUs "A100" each.
inline FoundCluster small_cluster(std::size_t nodes, std::size_t gpus) {
  FoundCluster found;
  for (std::size_t n = 0; n < nodes; ++n) {
    Node node;
    node.name = std::string(1, static_cast<char>('a' + n));
    node.counted = whole_cpus(64);
    Device device;
    device.model = "A100";
    node.devices.assign(gpus, device);
    found.cluster.nodes.push_back(node);
  }
  return found;
}

inline SimulationSettings under(const char* policy) {
  SimulationSettings settings;
  settings.policy = *find_policy(policy);
  return settings;
}

/// Seconds since the history's beginning; -1: never.
/// Of its newest run.
inline double start_of(const Simulated& simulated, std::size_t job) {
  const SimulatedJob& one = simulated.jobs.at(job);
  return one.started ? to_seconds(newest_start(one) - Time{}) : -1;
}
inline double end_of(const Simulated& simulated, std::size_t job) {
  const auto& ended = simulated.jobs.at(job).ended;
  return ended ? to_seconds(*ended - Time{}) : -1;
}

}  // namespace gangline
