// How long a history of many jobs takes, end to end.
// Usage: trace_speed JOBS NODES (of 8 GPUs). Prints one line of JSON.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numbers>
#include <random>

#include "replay/simulate/simulation.h"

namespace gangline {
namespace {

constexpr std::uint64_t seed = 1;
constexpr double load = 0.9;   ///< of all GPUs
constexpr double waves = 0.5;  ///< so much more comes by day, and less by night: queues come and go

History some_history(std::size_t jobs, double gpus) {
  std::mt19937_64 dice(seed);
  // Sizes and run times as in the public traces: most jobs are one GPU for some minutes.
  std::discrete_distribution<int> size({70, 10, 8, 8, 3, 1});
  const std::uint32_t sizes[] = {1, 2, 4, 8, 16, 32};
  std::lognormal_distribution<double> minutes_run(2.5, 1.5);
  std::map<std::uint32_t, std::shared_ptr<const ResourceRequest>> requests;
  for (const std::uint32_t n : sizes) {
    ResourceRequest request;
    request.tasks = n;
    request.alternatives.front().devices.emplace();
    request.alternatives.front().cpus = whole_cpus(4);
    requests[n] = std::make_shared<const ResourceRequest>(request);
  }
  History history;
  history.jobs.resize(jobs);
  double work = 0;
  for (PastJob& job : history.jobs) {
    const std::uint32_t n = sizes[size(dice)];
    const double run = std::min(60.0 * minutes_run(dice), 86'400.0);
    job.request = requests[n];
    job.run = Span{static_cast<std::int64_t>(run * 1e6)};
    job.limit = minutes(1 + static_cast<std::int64_t>(run / 60 * 1.5));
    work += n * run;
  }
  std::uniform_real_distribution<double> when(0, work / gpus / load);
  std::uniform_real_distribution<double> chance(0, 1 + waves);
  const auto comes = [&](double at) {
    return chance(dice) < 1 + waves * std::sin(2 * std::numbers::pi * at / 86'400);
  };
  std::vector<double> arrivals(jobs);
  for (double& arrival : arrivals) do
      arrival = when(dice);
    while (!comes(arrival));
  std::sort(arrivals.begin(), arrivals.end());
  for (std::size_t i = 0; i < jobs; ++i)
    history.jobs[i].submitted = Time{static_cast<std::int64_t>(arrivals[i] * 1e6)};
  return history;
}

int measure(std::size_t jobs, std::size_t nodes) {
  Cluster cluster;
  Node node;
  node.counted = whole_cpus(64);
  node.memory = gibibytes(512);
  node.devices.assign(8, Device{});
  for (std::size_t n = 0; n < nodes; ++n) {
    node.name = "n" + std::to_string(n);
    cluster.nodes.push_back(node);
  }
  const History history = some_history(jobs, 8.0 * static_cast<double>(nodes));
  SimulationSettings settings;
  settings.policy = *find_policy("easy");
  const auto begun = std::chrono::steady_clock::now();
  const auto simulated = simulate(history, cluster, settings);
  const double seconds_taken =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  double wait = 0;
  std::size_t ended = 0, waited = 0;
  for (std::size_t i = 0; i < jobs; ++i) {
    ended += simulated->jobs[i].ended.has_value();
    const double one =
        to_seconds(simulated->jobs[i].started.value_or(never) - history.jobs[i].submitted);
    wait += one / static_cast<double>(jobs);
    waited += one > 0;
  }
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  std::printf(
      "{\"seed\": %llu, \"jobs\": %zu, \"gpus\": %zu, \"seconds\": %.2f, \"peak_mib\": %ld, "
      "\"ended\": %zu, \"waited\": %zu, \"mean_wait_s\": %.1f, \"promises\": %llu}\n",
      static_cast<unsigned long long>(seed), jobs, nodes * 8, seconds_taken, use.ru_maxrss / 1024,
      ended, waited, wait, static_cast<unsigned long long>(simulated->promises));
  return 0;
}

}  // namespace
}  // namespace gangline

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: trace_speed JOBS NODES\n");
    return 2;
  }
  return gangline::measure(std::strtoul(argv[1], nullptr, 10), std::strtoul(argv[2], nullptr, 10));
}
