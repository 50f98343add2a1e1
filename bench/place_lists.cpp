// What share of the GPUs is given away, and what share is of no use to usual pods, in the
// experiment of FGD (Weng et al., USENIX ATC'23) under fgd and under gang, on all 23 lists of pods:
// the arrivals that the authors drew where these are published (five lists), others drawn in the
// same way elsewhere. Usage: place_lists FOLDER (openb) [SEEDS a list, at most 5]
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>

#include "replay/clusters/read_cluster.h"
#include "replay/input/amounts.h"
#include "replay/readers/read_history.h"
#include "replay/simulate/csv_rows.h"
#include "replay/simulate/fgd_curves.h"
#include "replay/simulate/simulation.h"

namespace gangline {
namespace {

constexpr double asked_for = 1.3;  ///< times what there is
constexpr std::array<std::size_t, 4> shown{60, 90, 100, 130};

double gpus_of(const PastJob& job) {
  const auto& devices = job.request->alternatives.front().devices;
  return devices ? 0.001 * devices->count * devices->share.thousandths : 0;
}

/// In a random order, some of them again or some of them not, so that so much is asked for.
History drawn(const History& pods, double gpus, std::uint64_t seed) {
  std::mt19937_64 dice(seed);
  std::vector<std::size_t> order(pods.jobs.size());
  double asked = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
    asked += gpus_of(pods.jobs[i]);
  }
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[dice() % i]);
  const auto is_enough = [&] { return asked >= asked_for * gpus; };
  if (is_enough()) {
    while (is_enough()) {
      const auto at = order.begin() + static_cast<std::ptrdiff_t>(dice() % order.size());
      asked -= gpus_of(pods.jobs[*at]);
      order.erase(at);
    }
  } else {
    while (!is_enough()) {
      order.push_back(dice() % pods.jobs.size());
      asked += gpus_of(pods.jobs[order.back()]);
    }
    order.pop_back();
  }
  History history;
  for (const std::size_t i : order) {
    PastJob& job = history.jobs.emplace_back(pods.jobs[i]);
    job.submitted = Time{} + seconds(static_cast<std::int64_t>(history.jobs.size()));
    job.run = longest_span_in_a_log;
    job.started.reset();
    job.ended.reset();
  }
  std::vector<std::pair<const ResourceRequest*, std::uint64_t>> asked_once;
  for (const PastJob& pod : pods.jobs) asked_once.emplace_back(pod.request.get(), 1);
  history.usual = usual_tasks(asked_once);
  return history;
}

Cluster by_rank(const Cluster& cluster, const std::string& path, const std::string& seed) {
  std::map<std::string, std::size_t> rank;
  for (const auto& row : csv_rows(path)) rank[row.at("sn")] = std::stoul(row.at("seed" + seed));
  Cluster ranked;
  ranked.nodes.resize(cluster.nodes.size());
  for (const Node& node : cluster.nodes) ranked.nodes[rank.at(node.name)] = node;
  return ranked;
}

struct Shares {
  std::array<double, shown.size()> allocated{}, of_no_use{};  ///< by FGD's measure
};

void add(Shares& sum, const History& history, const Cluster& cluster, const char* policy) {
  SimulationSettings settings;
  settings.policy = *find_policy(policy);
  settings.leaves_unless_started = true;
  const auto points = fgd_curves(history, cluster, *simulate(history, cluster, settings));
  for (std::size_t i = 0; i < shown.size(); ++i)
    if (shown[i] < points.size()) {
      sum.allocated[i] += points[shown[i]].allocated;
      sum.of_no_use[i] += points[shown[i]].fragmented;
    }
}

void compare(const std::string& folder, const std::string& list, int seeds) {
  const auto found = read_cluster(folder + "/nodes_gpu.csv");
  double gpus = 0;
  for (const Node& node : found->cluster.nodes) gpus += static_cast<double>(node.devices.size());
  HowToRead how;
  how.arrivals = folder + "/arrivals_" + list + ".csv.gz";
  const bool published = std::filesystem::exists(how.arrivals);
  const std::string ranks = folder + "/node_rank_" + (published ? list : "default") + ".csv.gz";
  Shares fgd, gang;
  for (int s = 0; s < seeds; ++s) {
    how.seed = std::to_string(42 + s);
    const std::string pods = folder + "/pods_" + list + ".csv.gz";
    const History history = published
                                ? *read_history(pods, how)
                                : drawn(*read_history(pods), gpus, static_cast<std::uint64_t>(s));
    const Cluster cluster = by_rank(found->cluster, ranks, how.seed);
    add(fgd, history, cluster, "fgd");
    add(gang, history, cluster, "gang");
  }
  std::printf("%-12s %-9s", list.c_str(), published ? "published" : "drawn");
  for (std::size_t i = 0; i < shown.size(); ++i)
    std::printf("   at %3zu %%: %6.2f %6.2f (%+5.2f), of no use %5.2f %5.2f", shown[i],
                fgd.allocated[i] / seeds, gang.allocated[i] / seeds,
                (gang.allocated[i] - fgd.allocated[i]) / seeds, fgd.of_no_use[i] / seeds,
                gang.of_no_use[i] / seeds);
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace
}  // namespace gangline

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "../shared/data/openb";
  const int seeds = argc > 2 ? std::clamp(std::atoi(argv[2]), 1, 5) : 5;
  std::set<std::string> lists;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const std::string name = file.path().filename().string();
    if (name.starts_with("pods_")) lists.insert(name.substr(5, name.find('.') - 5));
  }
  std::printf(
      "per cent of the GPUs when so much was asked for: allocated under fgd and under gang\n");
  for (const std::string& list : lists) gangline::compare(folder, list, seeds);
}
