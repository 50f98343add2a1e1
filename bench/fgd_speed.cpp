// How long one whole run of the experiment of FGD (Weng et al., USENIX ATC'23) takes: pods arrive
// one by one on 1,213 nodes with GPUs until 1.3 times what there is was asked for, and none leaves.
// Usage: fgd_speed POLICY [FOLDER]
// FOLDER: the public trace openb; without it a made-up one of the same size. One line of JSON.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <random>
#include <string>

#include "replay/clusters/read_cluster.h"
#include "replay/readers/read_history.h"
#include "replay/simulate/csv_rows.h"
#include "replay/simulate/simulation.h"

namespace gangline {
namespace {

struct World {
  Cluster cluster;
  History history;
};

World public_world(const std::string& folder) {
  World world;
  HowToRead how;
  how.arrivals = folder + "/arrivals_default.csv.gz";
  world.history = *read_history(folder + "/pods_default.csv.gz", how);
  const auto found = read_cluster(folder + "/nodes_gpu.csv");
  world.cluster.nodes.resize(found->cluster.nodes.size());
  std::map<std::string, std::size_t> rank;
  for (const auto& row : csv_rows(folder + "/node_rank_default.csv.gz"))
    rank[row.at("sn")] = std::stoul(row.at("seed42"));
  for (const Node& node : found->cluster.nodes) world.cluster.nodes[rank.at(node.name)] = node;
  return world;
}

struct MadeNodes {
  std::size_t count;
  std::uint32_t cpus, gpus;
  const char* model;
};
constexpr MadeNodes made_nodes[] = {
    {610, 96, 8, "A"}, {400, 104, 2, "B"}, {130, 32, 2, "C"}, {50, 48, 4, "D"}, {23, 16, 1, "E"}};

World made_world() {
  World world;
  for (const MadeNodes& made : made_nodes)
    for (std::size_t n = 0; n < made.count; ++n) {
      Node node;
      node.name = made.model + std::to_string(n);
      node.counted = whole_cpus(made.cpus);
      node.memory = gibibytes(5 * made.cpus);
      Device device;
      device.vendor = "nvidia";
      device.model = made.model;
      node.devices.assign(made.gpus, device);
      world.cluster.nodes.push_back(std::move(node));
    }
  std::mt19937_64 dice(1);
  std::shuffle(world.cluster.nodes.begin(), world.cluster.nodes.end(), dice);
  // A quarter wants CPUs alone, a third a share of a GPU, the rest whole ones.
  std::vector<std::shared_ptr<const ResourceRequest>> wishes;
  for (std::uint32_t i = 0; i < 120; ++i) {
    ResourceRequest request;
    TaskRequest& task = request.alternatives.front();
    task.cpus = CpuAmount{1'000 * static_cast<std::uint32_t>(3 + dice() % 14)};
    task.memory = gibibytes(static_cast<std::int64_t>(4 + dice() % 60));
    if (i % 12 > 2) task.devices.emplace();
    if (i % 12 > 7) task.devices->share = {static_cast<std::int32_t>(100 + dice() % 800)};
    if (i % 60 == 7) task.devices->count = 8, task.cpus = whole_cpus(80);
    wishes.push_back(std::make_shared<const ResourceRequest>(std::move(request)));
  }
  std::geometric_distribution<std::size_t> wish(0.04);
  for (std::int64_t i = 0; i < 10'866; ++i) {
    PastJob& job = world.history.jobs.emplace_back();
    job.request = wishes[std::min(wish(dice), wishes.size() - 1)];
    job.submitted = Time{} + seconds(i);
    job.run = Span{never.us};
  }
  return world;
}

double user_seconds() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  return static_cast<double>(use.ru_utime.tv_sec) +
         1e-6 * static_cast<double>(use.ru_utime.tv_usec);
}

int measure(const std::string& policy, const std::string& folder) {
  const World world = folder.empty() ? made_world() : public_world(folder);
  SimulationSettings settings;
  settings.policy = *find_policy(policy);
  settings.leaves_unless_started = true;
  const double begun = user_seconds();
  const auto simulated = simulate(world.history, world.cluster, settings);
  const double taken = user_seconds() - begun;
  std::size_t placed = 0;
  std::uint64_t places = 0;  // the same whenever each is at the same place
  for (const SimulatedJob& job : simulated->jobs) {
    std::uint64_t place = 0;
    if (job.where != nullptr) {
      ++placed;
      const NodePart& part = job.where->parts.at(0);
      place = 1 + part.node.n;
      for (const DeviceShare& share : part.tasks.at(0).devices) place = 64 * place + share.device;
    }
    places = (places ^ place) * 0x100000001B3ull;
  }
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  std::printf(
      "{\"policy\": \"%s\", \"public\": %s, \"nodes\": %zu, \"jobs\": %zu, \"placed\": %zu, "
      "\"user_s\": %.3f, \"peak_mb\": %.1f, \"places\": \"%016llx\"}\n",
      policy.c_str(), folder.empty() ? "false" : "true", world.cluster.nodes.size(),
      world.history.jobs.size(), placed, taken, 1.024e-3 * static_cast<double>(use.ru_maxrss),
      static_cast<unsigned long long>(places));
  return 0;
}

}  // namespace
}  // namespace gangline

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3 || !gangline::find_policy(argv[1])) {
    std::fprintf(stderr, "usage: fgd_speed POLICY [FOLDER of openb]\n");
    return 2;
  }
  return gangline::measure(argv[1], argc > 2 ? argv[2] : "");
}
