#include "replay/simulate/small_simulation.h"

namespace gangline {
namespace {

/// A job that ran on an A100 at rate 1.5 for 100 seconds, and could have had an H100 at rate 3.
PastJob rated_job(std::int64_t at) {
  PastJob job = past_job({at, 1, 100, 300});
  ResourceRequest request = *job.request;
  request.alternatives.push_back(request.alternatives[0]);
  request.alternatives[0].devices->model = "A100";
  request.alternatives[0].rate = 1'500;
  request.alternatives[1].devices->model = "H100";
  request.alternatives[1].rate = 3'000;
  job.request = std::make_shared<const ResourceRequest>(request);
  return job;
}

TEST(Rates, AJobRunsAsLongAsTheRateOfWhatItGetsSays) {
  History history;
  history.jobs = {rated_job(0), rated_job(0), rated_job(0)};
  FoundCluster found = small_cluster(2, 1);
  found.cluster.nodes[1].devices[0].model = "H100";
  const auto simulated = simulate(history, found.cluster, under("easy"));
  ASSERT_TRUE(simulated.ok());
  EXPECT_EQ(simulated->jobs[0].where->parts[0].node.n, 1u);
  EXPECT_EQ(end_of(*simulated, 0), 50);
  EXPECT_EQ(end_of(*simulated, 1), 100);
  EXPECT_EQ(start_of(*simulated, 2), 50);
  EXPECT_EQ(end_of(*simulated, 2), 100);
}

TEST(Rates, TheLimitEndsItByTheSameRate) {
  History history;
  history.jobs = {rated_job(0)};
  history.jobs[0].limit = seconds(90);  // at rate 1: less than the 150 that it takes
  SimulationSettings settings = under("easy");
  settings.ends_at_limit = true;
  FoundCluster found = small_cluster(1, 1);
  EXPECT_EQ(end_of(*simulate(history, found.cluster, settings), 0), 60);
  found.cluster.nodes[0].devices[0].model = "H100";
  EXPECT_EQ(end_of(*simulate(history, found.cluster, settings), 0), 30);
}

TEST(Rates, WorkThatIsKeptCountsByTheRateAtWhichItWasDone) {
  History history;
  history.jobs = {rated_job(0), past_job({20, 1, 1'000, 1'000})};
  // It has an H100 until the urgent one takes that; the rest of its work is done on the A100.
  ResourceRequest urgent = *history.jobs[1].request;
  urgent.alternatives[0].devices->model = "H100";
  history.jobs[1].request = std::make_shared<const ResourceRequest>(urgent);
  history.jobs[1].priority = 5;
  FoundCluster found = small_cluster(2, 1);
  found.cluster.nodes[1].devices[0].model = "H100";
  const auto simulated = simulate(history, found.cluster, under("urgent"));
  ASSERT_TRUE(simulated.ok());
  EXPECT_EQ(simulated->stops, 1u);
  EXPECT_EQ(start_of(*simulated, 1), 20);
  EXPECT_EQ(start_of(*simulated, 0), 20);     // again
  EXPECT_EQ(end_of(*simulated, 0), 20 + 60);  // 150 of work, of which 20 * 3 are done
}

}  // namespace
}  // namespace gangline
