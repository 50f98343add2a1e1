// The public traces, where they are there: true counts of each, and nothing left out in silence.
#include <algorithm>
#include <cmath>
#include <set>

#include "replay/readers/small_log.h"

namespace gangline {
namespace {

class PublicTraces : public testing::Test {
 protected:
  void SetUp() override {
    if (data_folder().empty())
      GTEST_SKIP() << "the public traces are not here (GANGLINE_DATA names their folder)";
  }

  static History read(const std::string& file, const HowToRead& how = {}) {
    auto history = read_history(data_folder() + file, how);
    EXPECT_TRUE(history.ok()) << (history.ok() ? "" : history.error().sentence());
    return history.ok() ? *std::move(history) : History{};
  }

  static std::uint64_t gpus(const History& history) {
    std::uint64_t sum = 0;
    for (const PastJob& job : history.jobs) sum += gpus_of(job);
    return sum;
  }
};

TEST_F(PublicTraces, PhillyHas82247JobsOfFifteenVirtualClusters) {
  const History history = read("philly/philly.csv.gz");
  EXPECT_EQ(history.jobs.size(), 82'247u);
  EXPECT_EQ(history.left_out.count, 0u);
  std::set<std::string> queues;
  for (const PastJob& job : history.jobs) queues.insert(job.queue);
  EXPECT_EQ(queues.size(), 15u);
  const auto one_gpu = std::count_if(history.jobs.begin(), history.jobs.end(),
                                     [](const PastJob& job) { return gpus_of(job) == 1; });
  EXPECT_EQ(one_gpu, 76'627);
}

TEST_F(PublicTraces, PhillyIsReadByVirtualCluster) {
  HowToRead how;
  how.queue = "0e4a51";
  EXPECT_EQ(read("philly/philly.csv.gz", how).jobs.size(), 1'435u);
}

TEST_F(PublicTraces, LogsOfTheParallelWorkloadsArchiveHaveTheJobsThatTheyCount) {
  const History nasa = read("swf/NASA-iPSC-1993-3.1-cln.swf.gz");
  EXPECT_EQ(nasa.jobs.size(), 18'239u);
  EXPECT_EQ(nasa.left_out.count, 0u);
  const History lcg = read("swf/LCG-2005.swf.gz");
  EXPECT_EQ(lcg.jobs.size(), 188'041u);
  EXPECT_EQ(lcg.left_out.count, 0u);
  EXPECT_EQ(lcg.jobs.front().queue, "grid.ici.ro");
  EXPECT_EQ(read("swf/batsim_easy_mediumWL_smallPF.swf.gz").jobs.size(), 800u);
}

TEST_F(PublicTraces, EachListOfOpenbPodsIsReadWhole) {
  const History pods = read("openb/pods_default.csv.gz");
  EXPECT_EQ(pods.jobs.size(), 8'152u);
  EXPECT_EQ(std::count_if(pods.jobs.begin(), pods.jobs.end(),
                          [](const PastJob& job) { return !job.started; }),
            897);
  for (const char* name :
       {"cpu037",     "cpu050",     "cpu072",      "cpu100",     "cpu200",     "cpu235",
        "cpu250",     "cpu300",     "gpushare100", "gpushare20", "gpushare40", "gpushare60",
        "gpushare80", "gpuspec05",  "gpuspec10",   "gpuspec20",  "gpuspec25",  "gpuspec33",
        "multigpu20", "multigpu30", "multigpu40",  "multigpu50"}) {
    const History history = read(std::string("openb/pods_") + name + ".csv.gz");
    EXPECT_GT(history.jobs.size(), 2'000u) << name;
    EXPECT_EQ(history.left_out.count, 0u) << name;
  }
}

TEST_F(PublicTraces, OpenbArrivalsNameRowsOfThePodsAndMayRepeatThem) {
  HowToRead how;
  how.arrivals = data_folder() + "openb/arrivals_default.csv.gz";
  const History history = read("openb/pods_default.csv.gz", how);
  ASSERT_EQ(history.jobs.size(), 10'866u);
  EXPECT_EQ(history.jobs[0].id, "openb-pod-0255");
  EXPECT_EQ(history.jobs[1].id, "openb-pod-1685");
  EXPECT_EQ(history.jobs[1].submitted, Time{seconds(1).us});
  how.seed = "seed46";
  EXPECT_EQ(read("openb/pods_default.csv.gz", how).jobs.at(0).id, "openb-pod-4012");
  how.seed = "7";
  const auto none = read_history(data_folder() + "openb/pods_default.csv.gz", how);
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().sentence().find("no column 'seed7'"), std::string::npos);
}

TEST_F(PublicTraces, InputsOfSimulatorsAreReadWhole) {
  EXPECT_EQ(read("tiresias/60_job.csv").jobs.size(), 60u);
  EXPECT_EQ(read("tiresias/philly_wk1009_job.csv.gz").jobs.size(), 12'751u);
  EXPECT_EQ(read("batsim-backfill/jobs.csv").jobs.size(), 801u);
  EXPECT_EQ(read("gavel/msr_seed0_0e4a51.trace.gz").jobs.size(), 1'181u);
  EXPECT_EQ(read("pollux-osdi21/workloads-0.5/workload-1.csv").jobs.size(), 80u);
  EXPECT_EQ(read("pollux-osdi21/workloads-2.0/workload-8.csv").jobs.size(), 320u);
  EXPECT_EQ(read("helios/peer_0e4a51_5nodes_fifo_consolidate.csv.gz").jobs.size(), 1'269u);
}

TEST_F(PublicTraces, WhatIsNoHistoryIsRefused) {
  for (const char* name :
       {"README.md", "openb/nodes_gpu.csv", "openb/arrivals_default.csv.gz", "openb/FGD.md",
        "philly/philly_vc_nodes.csv", "tiresias/yarn-gput1000.csv",
        "gavel/isolated_throughputs.csv.gz", "helios/earth_vc6YE_may2020_minute.csv.gz"}) {
    const auto history = read_history(data_folder() + name);
    EXPECT_FALSE(history) << name;
  }
}

}  // namespace
}  // namespace gangline
