#include "control/usage.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

// Jobs of one gang that hold devices or CPUs of a node, in whole seconds.
class UsageOfJobs : public testing::Test {
 protected:
  UsageOfJobs() {
    settings_.half_life = hours(1);
    settings_.queues.emplace_back().name = "night";
    usage_.emplace(settings_);
  }
  static Time at(std::int64_t second) { return Time{seconds(second).us}; }

  void happen(const Event& event) {
    usage_->learn(event, beliefs_);
    beliefs_.apply(event);
    history_.push_back(event);
  }
  void submit(std::uint64_t job, const std::string& owner, const std::string& queue = "normal") {
    JobSpec spec;
    spec.queue = queue;
    happen({at(0), JobSubmitted{{{job}, owner, 1, at(0), std::make_shared<const JobSpec>(spec)}}});
  }
  void start(std::uint64_t job, std::int64_t second, std::uint32_t devices,
             std::uint32_t cpus = 1) {
    TaskPlace task;
    for (std::uint32_t d = 0; d < devices; ++d) task.devices.push_back({d});
    task.cpus = CpuSet::first(cpus);
    happen({at(second), StartAsked{{job},
                                   0,
                                   1,
                                   1,
                                   std::make_shared<const Allocation>(
                                       Allocation{0, {NodePart{{0}, {task}}}})}});
  }
  void end(std::uint64_t job, std::int64_t second) {
    happen({at(second), GangEnded{{{job}, 0}, 1, at(1), {}, false}});
  }
  /// Device-seconds of a user.
  std::int64_t had(const std::string& owner, std::int64_t second, std::uint32_t queue = 0) {
    for (const UserUse& use : *usage_->as_of(at(second)))
      if (use.user == usage_->number_of(owner) && use.queue == queue) return use.device_seconds;
    return 0;
  }
  /// Another service begins with what is in the store: use of ended runs, and the events of jobs
  /// that have not ended.
  void restart() {
    const std::vector<PastUse> stored = usage_->unstored();
    usage_.emplace(settings_);
    for (const PastUse& past : stored) usage_->recall(past);
    std::vector<Event> again;
    for (const Event& event : history_) {
      const auto* submitted = std::get_if<JobSubmitted>(&event.body);
      const auto* asked = std::get_if<StartAsked>(&event.body);
      const auto* ended = std::get_if<GangEnded>(&event.body);
      const JobId job = submitted != nullptr ? submitted->job.id
                        : asked != nullptr   ? asked->job
                                             : ended->gang.job;
      if (beliefs_.find(job) != nullptr && !beliefs_.find(job)->ended()) again.push_back(event);
    }
    beliefs_ = {};
    for (const Event& event : again) {
      usage_->recall(event, beliefs_);
      beliefs_.apply(event);
    }
  }

  Settings settings_;
  std::optional<Usage> usage_;
  Register beliefs_;
  std::vector<Event> history_;
};

TEST_F(UsageOfJobs, IsDeviceTimeOfWhatRunsAndOfWhatHasEnded) {
  submit(1, "anna");
  submit(2, "bob", "night");
  start(1, 0, 2);
  start(2, 0, 1);
  EXPECT_NEAR(static_cast<double>(had("anna", 60)), 120, 1);
  end(2, 60);
  EXPECT_NEAR(static_cast<double>(had("anna", 120)), 240, 4);
  EXPECT_NEAR(static_cast<double>(had("bob", 120, 1)), 60, 1);
  EXPECT_EQ(had("bob", 120), 0) << "that was in another queue";
}

TEST_F(UsageOfJobs, CountsHalfAfterAHalfLife) {
  submit(1, "anna");
  start(1, 0, 4);
  end(1, 60);
  const auto at_first = static_cast<double>(had("anna", 60));
  EXPECT_NEAR(at_first, 239, 1);
  EXPECT_NEAR(static_cast<double>(had("anna", 60 + 3'600)), at_first / 2, 1);
  EXPECT_NEAR(static_cast<double>(had("anna", 60 + 3 * 3'600)), at_first / 8, 1);
  // What runs for long comes to a half-life / ln 2 of its devices.
  submit(2, "bob");
  start(2, 120, 1);
  EXPECT_NEAR(static_cast<double>(had("bob", 120 + 100 * 3'600)), 3'600 / 0.6931, 1);
}

TEST_F(UsageOfJobs, IsThatOfTheLastWholeMinuteWheneverItIsAskedFor) {
  submit(1, "anna");
  start(1, 10, 1);
  EXPECT_EQ(had("anna", 59), 0);
  const auto told = usage_->as_of(at(61));
  EXPECT_NEAR(static_cast<double>(had("anna", 61)), 50, 1);
  submit(2, "bob");
  start(2, 70, 8);
  EXPECT_EQ(usage_->as_of(at(119)), told);
  end(1, 150);
  EXPECT_NEAR(static_cast<double>(had("anna", 179)), 109, 1) << "not what was asked for first";
}

TEST_F(UsageOfJobs, CountsCpusOfJobsWithoutDevicesAsPartOfOne) {
  submit(1, "anna");
  submit(2, "bob");
  start(1, 0, 0, 16);
  start(2, 0, 1, 16);
  EXPECT_NEAR(static_cast<double>(had("anna", 60)), 120, 1);
  EXPECT_NEAR(static_cast<double>(had("bob", 60)), 60, 1);
}

TEST_F(UsageOfJobs, IsTheSameAfterARestart) {
  submit(1, "anna");
  submit(2, "anna");
  submit(3, "bob", "night");
  start(1, 0, 2);
  start(2, 30, 1);
  start(3, 45, 3);
  end(1, 100);
  const std::int64_t anna = had("anna", 240), bob = had("bob", 240, 1);
  restart();
  EXPECT_NEAR(static_cast<double>(had("anna", 240)), static_cast<double>(anna), 1);
  EXPECT_NEAR(static_cast<double>(had("bob", 240, 1)), static_cast<double>(bob), 1);
  end(2, 300);
  end(3, 300);
  EXPECT_NEAR(static_cast<double>(had("anna", 360)), 182 + 261, 12);
  const std::int64_t later = had("anna", 360);
  restart();
  EXPECT_NEAR(static_cast<double>(had("anna", 360)), static_cast<double>(later), 1);
}

}  // namespace
}  // namespace gangline
