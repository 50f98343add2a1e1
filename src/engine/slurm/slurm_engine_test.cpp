// The engine on a real Slurm. tests/slurm/check_translate.py runs these on the login host of a
// cluster; elsewhere they are skipped.
#include "engine/slurm/slurm_engine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "engine/conformance.h"
#include "engine/slurm/pilot/pilot_world.h"
#include "os/clock.h"

namespace gangline {
namespace {

constexpr Span longest = seconds(40);

std::string given(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr ? value : "";
}

/// GANGLINE_TEST_SLURM: a program `gang` that the nodes of the Slurm that is here can run.
class SlurmWorld final : public ConformanceWorld {
 public:
  SlurmWorld() {
    if (!missing().empty()) return;
    std::string made = given("HOME") + "/gangline-slurm-XXXXXX";
    path_ = ::mkdtemp(made.data());
    restart("", {});
  }
  ~SlurmWorld() override {
    engine_.reset();
    if (!path_.empty()) std::filesystem::remove_all(path_);
  }

  std::string missing() const override {
    return given("GANGLINE_TEST_SLURM").empty() ? "there is no Slurm here" : "";
  }
  Engine& engine() override { return *engine_; }

  void restart(const std::string& cursor, const std::vector<StartOrder>& asked) override {
    engine_.reset();
    SlurmEngineSettings settings;
    settings.state_dir = path_;
    settings.gang_program = given("GANGLINE_TEST_SLURM");
    settings.id = "test";
    for (const char* variable :
         {"PATH", "HOME", "GANGLINE_SLURMRESTD", "GANGLINE_SLURMRESTD_TOKEN"})
      settings.environment.emplace_back(variable, given(variable));
    engine_ = std::make_unique<SlurmEngine>(loop_, settings);
    const auto nodes = engine_->describe_nodes();
    if (nodes)
      for (std::uint32_t i = 0; i < nodes->size(); ++i) engine_->adopt_node({i}, (*nodes)[i]);
    engine_->resume(cursor, asked);
  }

  bool run_until(const std::function<bool()>& done) override {
    const Span begun = since_boot();
    bool was_done = false;
    const auto tick = loop_.every(milliseconds(5), [&] {
      was_done = done();
      if (was_done || since_boot() - begun > longest) loop_.stop();
    });
    loop_.run();
    return was_done;
  }

  StartOrder order(JobId job, std::uint32_t gangs, const Behaviour& behaviour) override {
    JobSpec spec;
    spec.name = "test";
    // Where only looks tell of a start, a shorter one has ended by then.
    const bool only_looks = !given("GANGLINE_SLURMRESTD").empty() && behaviour.runs > Span{0};
    const Span runs = behaviour.runs + (only_looks ? seconds(3) : Span{0});
    const std::string script = std::string(behaviour.ignores_stop ? "trap '' TERM; " : "") +
                               "sleep " + std::to_string(to_seconds(runs)) + "; exit " +
                               std::to_string(behaviour.exit_code);
    spec.command = {true, {script}};
    if (!behaviour.exists) spec.command = {false, {"no-such-program-here"}};
    spec.dir = "/";
    spec.grace = seconds(2);
    spec.inherited = {{"PATH", "/usr/bin:/bin"}};
    if (gangs > 1) {
      spec.sweep = {{"i", {}}};
      for (std::uint32_t i = 0; i < gangs; ++i) spec.sweep[0].values.push_back(std::to_string(i));
    }
    StartOrder order;
    order.job.id = job;
    order.job.spec = std::make_shared<const JobSpec>(std::move(spec));
    order.allocation = std::make_shared<const Allocation>();
    return order;
  }

 private:
  std::string path_;
  Loop loop_;
  std::unique_ptr<SlurmEngine> engine_;
};

INSTANTIATE_TEST_SUITE_P(Slurm, EngineConformance, ::testing::Values([] {
                           return std::unique_ptr<ConformanceWorld>(new SlurmWorld);
                         }));

INSTANTIATE_TEST_SUITE_P(Pilot, EngineConformance, ::testing::Values([] {
                           return std::unique_ptr<ConformanceWorld>(new PilotWorld(1));
                         }));
INSTANTIATE_TEST_SUITE_P(PilotOfTwoNodes, EngineConformance, ::testing::Values([] {
                           return std::unique_ptr<ConformanceWorld>(new PilotWorld(2));
                         }));

class SlurmEngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = world.missing(); !missing.empty()) GTEST_SKIP() << missing;
  }
  SlurmWorld world;
  ConformanceEar ear{world};
};

TEST_F(SlurmEngineTest, the_gangs_of_a_sweep_all_run_once_as_one_array) {
  StartOrder order = world.order({1}, 40, {});
  order.count = 40;
  world.engine().start(order);
  ASSERT_TRUE(ear.hear_until([&] { return ear.ends.size() == 40; }));
  EXPECT_EQ(ear.starts.size(), 40u);
  EXPECT_TRUE(ear.ended_twice.empty());
  for (const auto& [attempt, end] : ear.ends) EXPECT_EQ(end.ending.cause, EndCause::done);
}

TEST_F(SlurmEngineTest, a_gang_that_waits_in_slurm_is_stopped_without_a_run) {
  StartOrder order = world.order({1}, 400, {.runs = hours(1)});
  order.count = 400;  // more than there are CPUs
  world.engine().start(order);
  ASSERT_TRUE(ear.hear_until([&] { return !ear.starts.empty(); }));
  world.engine().stop({{{1}, 399}, EndCause::stopped, "stopped by anna", false});
  ASSERT_TRUE(ear.hear_end_of({{1}, 399}));
  EXPECT_EQ(ear.ends.at({{{1}, 399}, 1}).started.us, 0);
  EXPECT_EQ(ear.ends.at({{{1}, 399}, 1}).ending.detail, "stopped by anna");
  for (std::uint32_t i = 0; i < 399; ++i)
    world.engine().stop({{{1}, i}, EndCause::stopped, "stopped by anna", true});
  EXPECT_TRUE(ear.hear_until([&] { return ear.ends.size() == 400; }));
}

}  // namespace
}  // namespace gangline
