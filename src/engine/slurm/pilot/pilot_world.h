// The engine with a pilot on a real Slurm: orders that say on which of its nodes. For the tests of
// engine/slurm alone.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "engine/conformance.h"
#include "engine/slurm/slurm_engine.h"
#include "os/clock.h"

namespace gangline {

/// With a pilot of `parts` nodes, over all of which each gang lies.
class PilotWorld final : public ConformanceWorld {
 public:
  explicit PilotWorld(std::uint32_t parts) : parts_(parts) {
    if (!missing().empty()) return;
    std::string made = given("HOME") + "/gangline-pilot-XXXXXX";
    path_ = ::mkdtemp(made.data());
    restart("", {});
    PilotRequest request;
    request.nodes = parts;
    request.cpus = 2;
    request.memory = mebibytes(500);
    request.time = minutes(10);
    engine_->ask_pilot(request, [](const auto& pilot) {
      if (!pilot) ADD_FAILURE() << pilot.error().sentence();
    });
    EXPECT_TRUE(run_until([&] {
      adopt();
      return ids_.size() == parts_ && engine_->lacks(of_pilot()).empty();
    }));
    (void)engine_->poll(Time{});
  }
  ~PilotWorld() override {
    if (engine_) {
      engine_->stop_pilot(1, [](const auto&) {});
      run_until([&] { return engine_->pilots(Time{}).back().phase == PilotPhase::ended; });
    }
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
    adopt();
    engine_->resume(cursor, asked);
  }

  bool run_until(const std::function<bool()>& done) override {
    const Span begun = since_boot();
    bool was_done = false;
    const auto tick = loop_.every(milliseconds(5), [&] {
      was_done = done();
      if (was_done || since_boot() - begun > seconds(40)) loop_.stop();
    });
    loop_.run();
    return was_done;
  }

  StartOrder order(JobId job, std::uint32_t gangs, const Behaviour& behaviour) override {
    JobSpec spec = of_pilot();
    spec.name = "test";
    const std::string script = std::string(behaviour.ignores_stop ? "trap '' TERM; " : "") +
                               "sleep " + std::to_string(to_seconds(behaviour.runs)) + "; exit " +
                               std::to_string(behaviour.exit_code);
    spec.command = {true, {script}};
    if (!behaviour.exists) spec.command = {false, {"no-such-program-here"}};
    spec.dir = "/";
    spec.grace = seconds(2);
    spec.inherited = {{"PATH", "/usr/bin:/bin"}};
    spec.resources.tasks = parts_;
    if (gangs > 1) {
      spec.sweep = {{"i", {}}};
      for (std::uint32_t i = 0; i < gangs; ++i) spec.sweep[0].values.push_back(std::to_string(i));
    }
    Allocation allocation;
    for (std::uint32_t part = 0; part < parts_; ++part)
      allocation.parts.push_back(
          {ids_.size() > part ? ids_[part] : NodeId{part}, {{part, {}, {}, {}, whole_cpus(1)}}});
    StartOrder order;
    order.job.id = job;
    order.job.spec = std::make_shared<const JobSpec>(std::move(spec));
    order.allocation = std::make_shared<const Allocation>(std::move(allocation));
    return order;
  }

 private:
  static std::string given(const char* variable) {
    const char* value = std::getenv(variable);
    return value != nullptr ? value : "";
  }
  static JobSpec of_pilot() {
    JobSpec spec;
    spec.pilot = true;
    return spec;
  }
  /// As control does: nodes keep the numbers under which they were seen first.
  void adopt() {
    const auto nodes = engine_->describe_nodes();
    if (!nodes) return;
    for (const Node& node : *nodes) {
      const auto known = std::find(names_.begin(), names_.end(), node.name);
      const NodeId id{static_cast<std::uint32_t>(known - names_.begin())};
      if (known == names_.end()) {
        names_.push_back(node.name);
        if (!node.elsewhere) ids_.push_back(id);
      }
      engine_->adopt_node(id, node);
    }
  }

  std::uint32_t parts_;
  std::string path_;
  Loop loop_;
  std::vector<std::string> names_;
  std::vector<NodeId> ids_;
  std::unique_ptr<SlurmEngine> engine_;
};

}  // namespace gangline
