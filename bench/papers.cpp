// Tables of papers, ours beside the published ones, out of the core that schedules live.
// Usage: papers FOLDER (the public traces)
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <sstream>

#include "base/text.h"
#include "replay/clusters/read_cluster.h"
#include "replay/input/input.h"
#include "replay/readers/read_history.h"
#include "replay/simulate/fgd_curves.h"
#include "replay/simulate/simulation.h"

namespace gangline {
namespace {

std::vector<std::vector<std::string>> read_csv(const std::string& path) {
  auto input = Input::open(path);
  if (!input) {
    std::fprintf(stderr, "papers: %s\n", input.error().sentence().c_str());
    std::exit(1);
  }
  std::string text;
  while (input->read_more()) continue;
  text = input->window();
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    rows.emplace_back();
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, ',');) rows.back().push_back(field);
    if (!line.empty() && line.back() == ',') rows.back().emplace_back();
  }
  return rows;
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Nodes in the order of their rank: of equally good ones the first is taken.
Cluster by_rank(const Cluster& cluster, const std::string& path, const std::string& seed) {
  const auto rows = read_csv(path);
  std::size_t column = 0;
  for (std::size_t c = 0; c < rows[0].size(); ++c)
    if (rows[0][c] == "seed" + seed) column = c;
  std::map<std::string, std::size_t> rank;
  for (std::size_t r = 1; r < rows.size(); ++r) rank[rows[r][0]] = std::stoul(rows[r][column]);
  Cluster ranked;
  ranked.nodes.resize(cluster.nodes.size());
  for (const Node& node : cluster.nodes) ranked.nodes[rank.at(node.name)] = node;
  return ranked;
}

struct FgdRow {
  const char* published;
  const char* policy;
};
constexpr FgdRow fgd_rows[] = {{"01-Random", "random"},
                               {"02-DotProd", "dot_product"},
                               {"03-GpuClustering", "gpu_clustering"},
                               {"04-GpuPacking", "gpu_packing"},
                               {"05-BestFit", "best_fit"},
                               {"06-FGD", "fgd"}};

void fgd(const std::string& folder) {
  const auto found = read_cluster(folder + "/nodes_gpu.csv");
  const auto published = read_csv(folder + "/expected.csv.gz");
  std::map<std::string, std::pair<double, double>> expected;
  for (const auto& row : published)
    expected[row[0] + "," + row[1] + "," + row[2] + "," + row[3]] = {std::atof(row[4].c_str()),
                                                                     std::atof(row[5].c_str())};
  for (const char* trace : {"default", "cpu100", "gpushare40", "gpuspec25", "multigpu30"})
    for (const FgdRow& row : fgd_rows) {
      double worst_alloc = 0, worst_frag = 0, seconds = 0, mean = 0, mean_published = 0;
      for (const char* seed : {"42", "43", "44", "45", "46"}) {
        HowToRead how;
        how.arrivals = folder + "/arrivals_" + trace + ".csv.gz";
        how.seed = seed;
        const auto history = read_history(folder + "/pods_" + trace + ".csv.gz", how);
        const Cluster cluster =
            by_rank(found->cluster, folder + "/node_rank_" + trace + ".csv.gz", seed);
        SimulationSettings settings;
        settings.policy = *find_policy(row.policy);
        settings.policy.seed = std::stoul(seed);
        settings.leaves_unless_started = true;
        const double begun = now();
        const auto simulated = simulate(*history, cluster, settings);
        seconds += now() - begun;
        const auto points = fgd_curves(*history, cluster, *simulated);
        for (std::size_t n = 0; n < points.size() && n <= 130; ++n) {
          const auto at = expected.find(std::string(trace) + "," + row.published + "," + seed +
                                        "," + std::to_string(n));
          if (at == expected.end() || points[n].arrivals == 0) continue;
          worst_alloc = std::max(worst_alloc, std::abs(points[n].allocated - at->second.first));
          worst_frag = std::max(worst_frag, std::abs(points[n].fragmented - at->second.second));
          if (n == 130) {
            mean += points[n].allocated / 5;
            mean_published += at->second.first / 5;
          }
        }
      }
      std::printf(
          "%-12s %-16s ours %6.2f  published %6.2f  furthest apart %5.2f alloc %5.2f frag  %.3f s "
          "a run\n",
          trace, row.policy, mean, mean_published, worst_alloc, worst_frag, seconds / 5);
      std::fflush(stdout);
    }
}

}  // namespace
}  // namespace gangline

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "../shared/data";
  gangline::fgd(folder + "/openb");
}
