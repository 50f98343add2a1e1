#include "replay/simulate/speeds.h"

#include <cmath>
#include <filesystem>
#include <fstream>

#include "replay/readers/small_log.h"
#include "replay/simulate/pollux_artifact.h"
#include "replay/simulate/small_simulation.h"

namespace gangline {
namespace {

TEST(Speeds, StagesButTheLastEndAtWholeSteps) {
  const Stages stages{10.4, 10.4, 10.4};
  EXPECT_DOUBLE_EQ(seconds_left(stages, {}, 1), 10 + 10 + 10.4);
  EXPECT_DOUBLE_EQ(seconds_left(stages, {}, 0), 31.2);
  const Position at = after(stages, {}, 15.2, 1);
  EXPECT_EQ(at.stages, 1u);
  EXPECT_DOUBLE_EQ(at.part, 0.5);
  EXPECT_DOUBLE_EQ(seconds_left(stages, at, 1), 5 + 10.4);
}

TEST(Speeds, AStageThatIsDoneButNotNoticedYetIsDone) {
  const Position at = after({9.7, 5}, {}, 9.8, 1);
  EXPECT_EQ(at.stages, 1u);
  EXPECT_EQ(at.part, 0);
}

/// A CSV file that is gone afterwards.
class SpeedsOf {
 public:
  explicit SpeedsOf(const std::string& text)
      : path_(testing::TempDir() + "speeds_" +
              testing::UnitTest::GetInstance()->current_test_info()->name() + ".csv") {
    std::ofstream(path_) << text;
    read_ = read_speeds(path_);
  }
  ~SpeedsOf() { std::filesystem::remove(path_); }
  const Result<Speeds>& read() const { return *read_; }
  std::string refusal() const { return read_->ok() ? "" : read_->error().sentence(); }

 private:
  std::string path_;
  std::optional<Result<Speeds>> read_;
};

double ends_after(const Simulated& simulated, std::size_t job) { return end_of(simulated, job); }

TEST(Speeds, AJobOverTwoNodesTakesAsLongAsTheFileSays) {
  const SpeedsOf file("name,shape,speed\nnet,1-1,0.5\n*,2,1.25\n");
  ASSERT_TRUE(file.read().ok()) << file.refusal();
  History history = small_history({{0, 2, 100}, {0, 2, 100}, {0, 1, 100}});
  for (PastJob& job : history.jobs) job.name = "net";
  ResourceRequest apart;
  apart.tasks = 2;
  apart.alternatives.front().devices.emplace();
  history.jobs[1].request = std::make_shared<const ResourceRequest>(apart);
  SimulationSettings settings = under("greedy");
  settings.speeds = std::make_shared<const Speeds>(*file.read());
  // The first on both of a, the second on b and c, the third on what is left of b.
  const auto simulated = simulate(history, small_cluster(3, 1).cluster, settings);
  EXPECT_EQ(simulated->jobs[0].lot, Lot::hopeless);  // no node has two
  EXPECT_EQ(ends_after(*simulated, 1), 200);
  EXPECT_EQ(ends_after(*simulated, 2), 100);
  const auto together = simulate(history, small_cluster(1, 2).cluster, settings);
  EXPECT_EQ(ends_after(*together, 0), 80);
}

TEST(Speeds, WhoIsStoppedGoesOnInItsStageAtTheSpeedOfItsNewPlace) {
  Speeds speeds;
  speeds.add({"net", "2", ""}, Stages{100, 100});
  speeds.add({"net", "1-1", ""}, Stages{200, 300});
  const Position at = after({100, 100}, {}, 50, 0);       // half of the first stage
  EXPECT_EQ(seconds_left({200, 300}, at, 0), 100 + 300);  // the other half there
  PastJob job;
  job.name = "net";
  const Allocation unheard_of{0, {}};
  EXPECT_EQ(speeds.stages(job, unheard_of, {}), (Stages{200, 300}));  // the slowest
  job.name = "other";
  EXPECT_FALSE(speeds.stages(job, unheard_of, {}));
}

TEST(Speeds, EachStartCostsTheFirstOneTooAndOnlyWhatComesAfterItIsWork) {
  History history = small_history({{0, 1, 1'000}, {100, 1, 50}});
  history.jobs[1].priority = 5;
  SimulationSettings settings = under("urgent");
  settings.start_cost = seconds(30);
  settings.restart_cost = seconds(10);
  const auto simulated = simulate(history, small_cluster(1, 1).cluster, settings);
  EXPECT_EQ(end_of(*simulated, 1), 180);                    // 100 + 30 + 50
  EXPECT_EQ(end_of(*simulated, 0), 180 + 40 + 1'000 - 70);  // 70 of the first 100 were work
}

TEST(Speeds, InRoundsWhatHappensCountsFromTheNextOne) {
  const History history = small_history({{5, 1, 61}, {10, 1, 30}});
  SimulationSettings settings = under("fifo");
  settings.policy.rounds = seconds(60);
  const auto simulated = simulate(history, small_cluster(1, 1).cluster, settings);
  EXPECT_EQ(start_of(*simulated, 0), 60);
  EXPECT_EQ(end_of(*simulated, 0), 121);
  EXPECT_EQ(start_of(*simulated, 1), 180);
  EXPECT_EQ(end_of(*simulated, 1), 210);
}

TEST(Speeds, MistakesInTheFileAreNamedWithTheirLine) {
  EXPECT_NE(SpeedsOf("name,shape\n").refusal().find("no column speed"), std::string::npos);
  EXPECT_NE(SpeedsOf("name,speed\na,1\nb,fast\n").refusal().find(":3"), std::string::npos);
  EXPECT_NE(SpeedsOf("name,speed\na,0\n").refusal().find("between 0.001"), std::string::npos);
  EXPECT_NE(SpeedsOf("name,shape,stages\na,1,1 2\na,2,3\n").refusal().find("not as many"),
            std::string::npos);
  EXPECT_NE(SpeedsOf("name,stages\na,1 x\n").refusal().find("seconds with blanks"),
            std::string::npos);
}

TEST(Speeds, AJobWithoutARunTimeGetsTheShortestOfItsName) {
  Speeds speeds;
  speeds.add({"net", "1-1", ""}, Stages{20, 30});
  speeds.add({"net", "2", ""}, Stages{10, 15});
  History history = small_history({{0, 1, 0}, {0, 1, 7}, {0, 1, 0}});
  history.jobs[0].name = history.jobs[1].name = "net";
  EXPECT_EQ(fill_in_runs(speeds, history), 1u);
  EXPECT_EQ(history.jobs[0].run, seconds(25));
  EXPECT_EQ(history.jobs[1].run, seconds(7));
}

TEST(PolluxArtifact, EachJobOfTheTiresiasPolicyTakesAsLongAsPublished) {
  if (data_folder().empty()) GTEST_SKIP() << "the public traces are not here";
  const std::string folder = data_folder() + "pollux-osdi21";
  SimulationSettings settings = under("attained_in_rounds");
  settings.speeds = std::make_shared<const Speeds>(pollux_speeds(folder));
  settings.start_cost = seconds(30);
  for (const char* load : {"0.5", "1.0"}) {
    std::map<std::string, double> published;
    for (const auto& row : csv_rows(folder + "/expected_tiresias_" + load + ".csv.gz"))
      published[row.at("workload") + " " + row.at("job")] = std::stod(row.at("jct_s"));
    std::size_t different = 0, jobs = 0;
    for (int w = 1; w <= 8; ++w) {
      const std::string name = "workload-" + std::to_string(w);
      const auto history = read_history(folder + "/workloads-" + load + "/" + name + ".csv");
      const auto simulated = simulate(*history, pollux_cluster(), settings);
      for (std::size_t i = 0; i < history->jobs.size(); ++i, ++jobs) {
        const PastJob& job = history->jobs[i];
        const Span took = simulated->jobs[i].ended.value_or(never) - job.submitted;
        different += std::nearbyint(to_seconds(took)) != published.at(name + " " + job.id);
      }
    }
    EXPECT_EQ(jobs, published.size());
    EXPECT_EQ(different, 0u) << "load " << load;
  }
}

}  // namespace
}  // namespace gangline
