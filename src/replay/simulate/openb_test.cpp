// The experiment of FGD (Weng et al., USENIX ATC'23) on the public trace, where it is present.
#include <gtest/gtest.h>

#include <map>

#include "replay/clusters/read_cluster.h"
#include "replay/readers/read_history.h"
#include "replay/readers/small_log.h"
#include "replay/simulate/csv_rows.h"
#include "replay/simulate/fgd_curves.h"
#include "replay/simulate/simulation.h"

namespace gangline {
namespace {

class Openb : public testing::Test {
 protected:
  void SetUp() override {
    if (data_folder().empty()) GTEST_SKIP() << "the public traces are not here";
    folder_ = data_folder() + "openb/";
    cluster_ = read_cluster(folder_ + "nodes_gpu.csv")->cluster;
    take("default");
  }

  /// The arrivals of this workload, and the nodes in its order.
  void take(const std::string& workload) {
    HowToRead how;
    how.arrivals = folder_ + "arrivals_" + workload + ".csv.gz";
    history_ = *read_history(folder_ + "pods_" + workload + ".csv.gz", how);
    std::map<std::string, std::uint32_t> rank;
    for (const auto& row : csv_rows(folder_ + "node_rank_" + workload + ".csv.gz"))
      rank[row.at("sn")] = static_cast<std::uint32_t>(std::stoul(row.at("seed42")));
    std::sort(cluster_.nodes.begin(), cluster_.nodes.end(),
              [&](const Node& a, const Node& b) { return rank.at(a.name) < rank.at(b.name); });
  }

  Result<Simulated> run_under(const std::string& policy) {
    SimulationSettings settings;
    settings.policy = *find_policy(policy);
    settings.leaves_unless_started = true;
    return simulate(history_, cluster_, settings);
  }

  /// Per cent of the GPUs when 130 per cent of them was asked for.
  double allocated_under(const std::string& policy) {
    return fgd_curves(history_, cluster_, *run_under(policy)).at(130).allocated;
  }

  std::vector<std::string> places_under(const std::string& policy) {
    const auto simulated = run_under(policy);
    std::vector<std::string> places;
    for (const SimulatedJob& job : simulated->jobs)
      places.push_back(job.where == nullptr
                           ? ""
                           : cluster_.nodes[job.where->parts.at(0).node.n].name.substr(11));
    return places;
  }

  std::string folder_;
  History history_;
  Cluster cluster_;
};

TEST_F(Openb, EachArrivalGoesToTheNodeOfThePublishedRuns) {
  const auto published = csv_rows(folder_ + "placements_default_seed42.csv.gz");
  ASSERT_EQ(published.size(), 10'866u);
  const std::map<std::string, std::string> columns = {{"fgd", "FGD"},
                                                      {"best_fit", "BestFit"},
                                                      {"dot_product", "DotProd"},
                                                      {"gpu_packing", "GpuPacking"},
                                                      {"gpu_clustering", "GpuClustering"}};
  for (const auto& [policy, column] : columns) {
    const auto places = places_under(policy);
    std::size_t different = 0;
    for (std::size_t i = 0; i < published.size(); ++i) {
      if (places.at(i) == published[i].at(column)) continue;
      if (++different == 1)
        ADD_FAILURE() << policy << ": arrival " << i << " goes to " << places[i] << ", not "
                      << published[i].at(column);
    }
    EXPECT_EQ(different, 0u) << policy;
  }
}

TEST_F(Openb, GangGivesAwayMoreThanFgdOnEachWorkload) {
  for (const char* workload : {"default", "cpu100", "gpushare40", "gpuspec25", "multigpu30"}) {
    take(workload);
    EXPECT_GT(allocated_under("gang"), allocated_under("fgd") + 0.2) << workload;
  }
}

TEST_F(Openb, EachListOfPodsRunsAndNoneIsForgotten) {
  constexpr const char* lists[] = {
      "default",    "cpu037",      "cpu050",     "cpu072",     "cpu100",     "cpu200",
      "cpu235",     "cpu250",      "cpu300",     "gpushare20", "gpushare40", "gpushare60",
      "gpushare80", "gpushare100", "gpuspec05",  "gpuspec10",  "gpuspec20",  "gpuspec25",
      "gpuspec33",  "multigpu20",  "multigpu30", "multigpu40", "multigpu50"};
  SimulationSettings settings;
  settings.policy = *find_policy("fgd");
  for (const char* list : lists) {
    const auto history = read_history(folder_ + "pods_" + list + ".csv.gz");
    ASSERT_TRUE(history.ok()) << list;
    const auto simulated = simulate(*history, cluster_, settings);
    ASSERT_TRUE(simulated.ok()) << list;
    std::map<Lot, std::size_t> lots;
    for (const SimulatedJob& job : simulated->jobs) ++lots[job.lot];
    // These lists tell no times: who has started stays.
    const bool stays = std::string_view(list).starts_with("multigpu");
    EXPECT_EQ(lots[Lot::left], 0u) << list;
    EXPECT_LE(lots[Lot::hopeless], 2u)
        << list << ": models that the cluster has, on nodes too small";
    if (stays) EXPECT_EQ(lots[Lot::ended], 0u) << list;
    else EXPECT_EQ(lots[Lot::waited], 0u) << list;
  }
}

}  // namespace
}  // namespace gangline
