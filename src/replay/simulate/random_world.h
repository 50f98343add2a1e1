// For the tests of simulations: a small world from a seed.
#pragma once

#include <cstdlib>
#include <random>
#include <string>

#include "replay/history.h"

namespace gangline {

/// SEED=n runs that world first, WORLDS=n so many.
inline std::uint64_t told_by(const char* variable, std::uint64_t otherwise) {
  const char* told = std::getenv(variable);
  return told != nullptr ? std::strtoull(told, nullptr, 10) : otherwise;
}

/// Machines of two kinds, and jobs that share a GPU, want several, or run over several nodes. All
/// limits are kept.
struct RandomWorld {
  Cluster cluster;
  History history;
};

inline RandomWorld random_world(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto from = [&](std::uint64_t low, std::uint64_t high) {
    return static_cast<std::uint32_t>(low + random() % (high - low + 1));
  };
  RandomWorld world;
  const std::uint32_t nodes = from(2, 7);
  for (std::uint32_t n = 0; n < nodes; ++n) {
    Node node;
    node.name = "n" + std::to_string(n);
    node.counted = whole_cpus(from(4, 64));
    node.memory = gibibytes(from(16, 256));
    Device device;
    device.vendor = "nvidia";
    device.model = from(0, 2) == 0 ? "V100" : "A100";
    node.devices.assign(from(0, 3) == 0 ? 0 : from(1, 8), device);
    world.cluster.nodes.push_back(node);
  }
  Time at = Time{} + seconds(100);
  for (int i = 0; i < 120; ++i) {
    ResourceRequest request;
    TaskRequest& task = request.alternatives.front();
    task.cpus = whole_cpus(from(1, 4));
    if (from(0, 4) > 0) task.devices.emplace();
    if (task.devices && from(0, 3) == 0)
      task.devices->share.thousandths = 100 * static_cast<std::int32_t>(from(1, 9));
    else if (task.devices) task.devices->count = from(1, 4);
    if (from(0, 3) == 0) request.tasks = from(2, 5);
    PastJob job;
    job.request = std::make_shared<const ResourceRequest>(request);
    at = at + seconds(from(0, 2) == 0 ? 0 : from(1, 60));
    job.submitted = at;
    job.run = seconds(from(0, 20) == 0 ? 0 : from(1, 900));
    if (from(0, 3) > 0) job.limit = job.run + seconds(from(1, 600));
    job.priority = from(0, 5) == 0 ? 5 : 0;
    world.history.jobs.push_back(job);
  }
  return world;
}

}  // namespace gangline
