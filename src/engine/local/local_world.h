// For tests: a local engine on a state directory of its own, whose launcher is this test program.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "engine/conformance_world.h"
#include "engine/local/local_engine.h"
#include "launch/ask_launcher.h"
#include "launch/fence/old_test_groups.h"
#include "launch/launcher.h"
#include "launch/processes.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {

/// Where this program looks for control groups when it is a launcher.
inline std::string test_cgroup_root() {
  const char* given = std::getenv("GANGLINE_TEST_CGROUPS");
  return given != nullptr ? given : "/";
}

/// What this program is when it is a launcher.
inline LauncherSettings test_launcher(const std::string& state_dir, bool in_scope) {
  LauncherSettings settings{state_dir, test_cgroup_root()};
  settings.in_scope = in_scope;
  return settings;
}

class LocalWorld : public ConformanceWorld {
 public:
  static constexpr Span longest = seconds(60);

  LocalWorld() {
    char name[] = "/tmp/gangline-local-XXXXXX";
    path_ = ::mkdtemp(name);
    [[maybe_unused]] static const bool cleared = (clear_groups_of_killed_tests(), true);
    restart("", {});
  }
  ~LocalWorld() override {
    engine_.reset();
    // A launcher that failed was started again, so only its log tells.
    for (const std::string& line : lines_of("launcher/launcher.log"))
      EXPECT_TRUE(line.starts_with("gang launcher: ")) << line;
    // Without its lock a guardian starts no new launcher.
    std::error_code ignored;
    std::filesystem::remove(path_ + "/launcher/lock", ignored);
    for (const char* name : {"gang-launcher", "gang-guardian"}) kill_process(name);
    for (const ProcessEntry& process : all_processes())
      if (start_variable(process.pid, "GANG_OUTPUT").value_or("").starts_with(path_))
        ::kill(static_cast<pid_t>(process.pid), SIGKILL);
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  /// The name of the store from the next `restart` on.
  void set_store(const std::string& name) { store_ = name; }
  Loop& loop() { return loop_; }
  LocalEngine& local() { return *engine_; }

  Engine& engine() override { return *engine_; }

  void restart(const std::string& cursor, const std::vector<StartOrder>& asked) override {
    engine_.reset();
    char self[4096];
    const ssize_t n = ::readlink("/proc/self/exe", self, sizeof self);
    LocalEngineSettings settings;
    settings.state_dir = path_;
    const std::string program(self, static_cast<std::size_t>(n));
    settings.launcher = {program, "internal-launcher"};
    settings.probe = {program, "internal-probe"};
    settings.sample_every = hours(1);
    settings.store = store_;
    engine_ = std::make_unique<LocalEngine>(loop_, settings);
    Node node;
    node.name = "test";
    node.cpus = CpuSet::first(2);
    engine_->adopt_node({0}, node);
    engine_->resume(cursor, asked);
  }

  bool run_until(const std::function<bool()>& done) override {
    const Span begun = since_boot();
    bool was_done = false;
    const auto tick = loop_.every(milliseconds(1), [&] {
      was_done = done();
      if (was_done || since_boot() - begun > longest) loop_.stop();
    });
    loop_.run();
    return was_done;
  }

  StartOrder order(JobId job, std::uint32_t gangs, const Behaviour& behaviour) override {
    std::string script = behaviour.ignores_stop ? "trap '' TERM; " : "";
    script += "sleep " + std::to_string(to_seconds(behaviour.runs)) + "; exit " +
              std::to_string(behaviour.exit_code);
    Command command{true, {script}};
    if (behaviour.runs.us == 0) command.words = {"exit " + std::to_string(behaviour.exit_code)};
    if (!behaviour.exists) command = {false, {"no-such-program-here"}};
    return order_of(job, gangs, command);
  }

  static StartOrder order_of(JobId job, std::uint32_t gangs, Command command,
                             std::uint32_t tasks = 1) {
    JobSpec spec;
    spec.name = "test";
    spec.command = std::move(command);
    spec.dir = "/";
    spec.grace = seconds(2);
    spec.inherited = {{"PATH", "/usr/bin:/bin"}};
    if (gangs > 1) {
      spec.sweep = {{"i", {}}};
      for (std::uint32_t i = 0; i < gangs; ++i) spec.sweep[0].values.push_back(std::to_string(i));
    }
    return order_of(job, std::move(spec), tasks);
  }
  static StartOrder order_of(JobId job, JobSpec spec, std::uint32_t tasks = 1) {
    StartOrder order;
    order.job.id = job;
    order.job.spec = std::make_shared<const JobSpec>(std::move(spec));
    Allocation allocation;
    allocation.parts = {NodePart{NodeId{0}, {}}};
    for (std::uint32_t rank = 0; rank < tasks; ++rank)
      allocation.parts[0].tasks.push_back({rank, {}, {}, {}});
    order.allocation = std::make_shared<const Allocation>(allocation);
    return order;
  }

  /// The process of this world's launcher or guardian; 0: none. A child of the launcher looks just
  /// like it until it runs its program, so one whose parent has the same name is not meant.
  std::int64_t find_process(const std::string& name) const {
    for (const ProcessEntry& process : all_processes())
      if (!process.zombie && is_named(process.pid, name) && !is_named(process.parent, name))
        return process.pid;
    return 0;
  }
  bool is_named(std::int64_t pid, const std::string& name) const {
    const std::string directory = "/proc/" + std::to_string(pid);
    const auto comm = read_file(directory + "/comm");
    const auto words = read_file(directory + "/cmdline");
    return comm && words && *comm == name + "\n" && words->find(path_) != std::string::npos;
  }
  bool kill_process(const std::string& name) const {
    const std::int64_t pid = find_process(name);
    return pid != 0 && ::kill(static_cast<pid_t>(pid), SIGKILL) == 0;
  }
  /// And never a task that was about to run its program.
  bool kill_launcher() const {
    const std::int64_t pid = ask_launcher(path_);
    return pid > 0 && ::kill(static_cast<pid_t>(pid), SIGKILL) == 0;
  }
  std::vector<std::string> lines_of(const std::string& file) const {
    std::vector<std::string> lines;
    std::ifstream in(path_ + "/" + file);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

 private:
  std::string path_, store_;
  Loop loop_;
  std::unique_ptr<LocalEngine> engine_;
};

}  // namespace gangline
