#include "engine/simulator/simulator.h"

#include <gtest/gtest.h>

#include "engine/conformance.h"

namespace gangline {
namespace {

class PretendedWorld final : public ConformanceWorld {
 public:
  PretendedWorld() : cluster_({one_node()}, runs()), engine_(cluster_) {}

  Engine& engine() override { return *current_; }
  StartOrder order(JobId job, std::uint32_t gangs, const Behaviour& behaviour) override {
    JobSpec spec;
    spec.name = "test";
    spec.grace = seconds(2);
    if (gangs > 1) {
      spec.sweep = {{"i", {}}};
      for (std::uint32_t i = 0; i < gangs; ++i) spec.sweep[0].values.push_back(std::to_string(i));
    }
    behaviours_[job] = behaviour;
    StartOrder order;
    order.job.id = job;
    order.job.spec = std::make_shared<const JobSpec>(std::move(spec));
    order.allocation = std::make_shared<const Allocation>();
    return order;
  }
  bool run_until(const std::function<bool()>& done) override {
    for (int step = 0; step < 1'000; ++step) {
      if (done()) return true;
      const Time next = cluster_.next();
      if (next != never) cluster_.pass_to(next);
    }
    return false;
  }
  void restart(const std::string& cursor, const std::vector<StartOrder>& asked) override {
    second_ = std::make_unique<Simulator>(cluster_);
    current_ = second_.get();
    current_->resume(cursor, asked);
  }

 private:
  static Node one_node() {
    Node node;
    node.name = "a";
    node.counted = whole_cpus(2);
    return node;
  }
  PretendRuns runs() {
    return [this](const StartOrder& order, std::uint32_t) {
      const Behaviour& behaviour = behaviours_.at(order.job.id);
      PretendRun run;
      run.length = behaviour.runs;
      run.starts = behaviour.exists;
      run.ignores_stop = behaviour.ignores_stop;
      run.ending.exit_code = behaviour.exit_code;
      if (behaviour.exit_code != 0) run.ending.cause = EndCause::failed;
      return run;
    };
  }

  std::map<JobId, Behaviour> behaviours_;
  PretendCluster cluster_;
  Simulator engine_;
  Engine* current_ = &engine_;
  std::unique_ptr<Simulator> second_;
};

INSTANTIATE_TEST_SUITE_P(Simulator, EngineConformance,
                         testing::Values([]() -> std::unique_ptr<ConformanceWorld> {
                           return std::make_unique<PretendedWorld>();
                         }));

}  // namespace
}  // namespace gangline
