#include "replay/simulate/each_queue.h"

#include "replay/simulate/small_simulation.h"

namespace gangline {
namespace {

class EachQueue : public testing::Test {
 protected:
  EachQueue() { found.queues = {"day", "night"}; }
  FoundCluster found = small_cluster(2, 4);
};

TEST_F(EachQueue, AQueueRunsOnItsOwnNodesWhateverIsFreeOnOthers) {
  const History history = small_history({{0, 4, 10, 0, "night"}, {1, 4, 10, 0, "night"}});
  const auto simulated = simulate_each_queue(history, found, under("easy"));
  ASSERT_TRUE(simulated.ok()) << simulated.error().sentence();
  EXPECT_EQ(start_of(*simulated, 1), 10);
  for (const SimulatedJob& job : simulated->jobs) EXPECT_EQ(job.where->parts[0].node.n, 1u);
}

TEST_F(EachQueue, WhatComesOutIsTheSumOfAllOverTheWholeTime) {
  const History history =
      small_history({{0, 4, 10, 0, "day"}, {5, 2, 30, 0, "night"}, {100, 1, 100, 0, "day"}});
  const auto simulated = simulate_each_queue(history, found, under("easy"));
  ASSERT_TRUE(simulated.ok());
  EXPECT_EQ(to_seconds(simulated->end - simulated->begin), 200);
  const Piece sum = simulated->timeline.sum();
  double all = sum.used;
  for (const double idle : sum.idle) all += idle;
  EXPECT_NEAR(sum.used, 1000 * (4 * 10 + 2 * 30 + 1 * 100), 1);
  EXPECT_NEAR(all, 1000.0 * 8 * 200, 1);
}

TEST_F(EachQueue, JobsOfAQueueWithoutNodesCanNeverRun) {
  const History history = small_history({{0, 1, 10, 0, "day"}, {0, 1, 10, 0, "evening"}});
  const auto simulated = simulate_each_queue(history, found, under("easy"));
  ASSERT_TRUE(simulated.ok());
  EXPECT_EQ(simulated->jobs[0].lot, Lot::ended);
  EXPECT_EQ(simulated->jobs[1].lot, Lot::hopeless);
}

TEST_F(EachQueue, AWindowOfMaintenanceConcernsTheNodesThatItNames) {
  const History history = small_history({{0, 1, 10, 0, "day"}, {0, 1, 10, 0, "night"}});
  SimulationSettings settings = under("easy");
  settings.outages = {{Time{} + seconds(5), Time{} + seconds(8), Span{0}, {1}}};
  const auto simulated = simulate_each_queue(history, found, settings);
  ASSERT_TRUE(simulated.ok());
  EXPECT_EQ(simulated->lost, 1u);
  EXPECT_EQ(end_of(*simulated, 0), 10);
  EXPECT_EQ(end_of(*simulated, 1), 18);
}

TEST_F(EachQueue, WithoutQueuesOfNodesItSaysHowToNameThem) {
  const History history = small_history({{0, 1, 10, 0, "day"}});
  found.queues.clear();
  const auto simulated = simulate_each_queue(history, found, under("easy"));
  ASSERT_FALSE(simulated.ok());
  EXPECT_NE(simulated.error().sentence().find("queue = \"night\""), std::string::npos);
}

TEST_F(EachQueue, JobsThatNameNoQueueHaveNoNodesEvenWhereSomeAreNobodys) {
  found.queues.at(0) = "";
  const History history = small_history({{0, 1, 10, 0, "night"}, {0, 1, 10, 0, ""}});
  EXPECT_EQ(queues_without_nodes(history, found), std::vector<std::string>{""});
  const auto simulated = simulate_each_queue(history, found, under("easy"));
  ASSERT_TRUE(simulated.ok());
  EXPECT_EQ(simulated->jobs[1].lot, Lot::hopeless);
}

TEST_F(EachQueue, ItsProgressGoesUpFromNothingToAll) {
  std::vector<SmallJob> jobs;
  for (int i = 0; i < 2'000; ++i) jobs.push_back({i, 1, 10, 0, i % 3 == 0 ? "day" : "night"});
  SimulationSettings settings = under("easy");
  double last = 0;
  settings.progress = [&](double part) {
    EXPECT_GE(part, last);
    last = part;
    return true;
  };
  ASSERT_TRUE(simulate_each_queue(small_history(jobs), found, settings).ok());
  EXPECT_GT(last, 0.8);
  EXPECT_LE(last, 1.0);
}

}  // namespace
}  // namespace gangline
