#include "engine/local/local_engine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <random>

#include "devices/discover.h"
#include "devices/probe_child.h"
#include "engine/conformance.h"
#include "engine/local/local_world.h"
#include "launch/launcher.h"

namespace gangline {
namespace {

INSTANTIATE_TEST_SUITE_P(Local, EngineConformance, ::testing::Values([] {
                           return std::unique_ptr<ConformanceWorld>(new LocalWorld);
                         }));

TEST(LocalEngine, reads_the_log_of_a_gang) {
  LocalWorld world;
  ConformanceEar ear(world);
  world.engine().start(LocalWorld::order_of({1}, 1, {true, {"echo hello; echo oh >&2; exit 7"}}));
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  EXPECT_EQ(ear.ends.at({{{1}, 0}, 1}).ending.last_lines, "oh\n");
  const auto log = world.engine().read_log({{{1}, 0}, 0, 0, false, 0, 100});
  ASSERT_TRUE(log.ok());
  EXPECT_EQ(log->bytes, "hello\n");
}

/// A sweep in which each gang writes one line, while `disturb` is called now and then.
class DisturbedSweep {
 public:
  static constexpr std::uint32_t gangs = 400;
  static constexpr std::uint32_t lanes = 4;

  explicit DisturbedSweep(std::uint32_t tasks = 1) : ear_(world) {
    const std::string script =
        "if [ $RANK = 0 ]; then echo $GANG_GANG >> " + world.path() + "/marks; fi; exit 0";
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      StartOrder order = LocalWorld::order_of({1}, gangs, {true, {script}}, tasks);
      order.first = lane * (gangs / lanes);
      order.count = gangs / lanes;
      orders_.push_back(order);
      world.engine().start(order);
    }
  }

  /// `times` disturbances at moments spread over the sweep.
  void run(int times, const std::function<void()>& disturb) {
    const unsigned seed = std::random_device{}();
    std::printf("seed %u\n", seed);
    std::mt19937 random(seed);
    std::vector<std::size_t> moments;
    for (int i = 0; i < times; ++i) moments.push_back(random() % (gangs * 9 / 10));
    std::sort(moments.begin(), moments.end());
    for (const std::size_t moment : moments) {
      ASSERT_TRUE(ear_.hear_until([&] { return ear_.ends.size() >= moment; }));
      disturb();
    }
    ASSERT_TRUE(ear_.hear_until([&] { return ear_.ends.size() >= gangs; }))
        << ear_.ends.size() << " ended; trouble: " << world.local().trouble();
    check();
  }

  void restart_service() { world.restart(ear_.cursor, open_orders()); }

  std::size_t lost = 0;
  LocalWorld world;

 private:
  std::vector<StartOrder> open_orders() const {
    std::vector<StartOrder> open;
    for (const StartOrder& order : orders_)
      for (std::uint32_t i = order.first; i < order.first + order.count; ++i) {
        if (ear_.ends.contains({{{1}, i}, 1})) continue;
        open.push_back(order);
        open.back().first = i;
        open.back().count = order.first + order.count - i;
        break;
      }
    return open;
  }
  void check() {
    EXPECT_TRUE(ear_.ended_twice.empty());
    std::map<std::string, int> marks;
    for (const std::string& line : world.lines_of("marks")) ++marks[line];
    for (const auto& [attempt, end] : ear_.ends) {
      const int written = marks[std::to_string(attempt.first.index)];
      if (end.ending.cause == EndCause::done) {
        EXPECT_EQ(written, 1) << "gang " << attempt.first.index;
      } else {
        EXPECT_EQ(end.ending.cause, EndCause::lost)
            << "gang " << attempt.first.index << ": " << end.ending.detail;
        EXPECT_FALSE(end.ending.detail.empty());
        EXPECT_LE(written, 1);
        ++lost;
      }
    }
  }

  ConformanceEar ear_;
  std::vector<StartOrder> orders_;
};

TEST(LocalEngine, a_launcher_that_is_killed_again_and_again_loses_no_gang_and_runs_none_twice) {
  DisturbedSweep sweep;
  sweep.run(20, [&] { sweep.world.kill_launcher(); });
  EXPECT_EQ(sweep.lost, 0u);
}

TEST(LocalEngine,
     gangs_of_several_tasks_start_whole_or_are_told_as_lost_when_the_launcher_is_killed) {
  DisturbedSweep sweep(3);
  sweep.run(20, [&] { sweep.world.kill_launcher(); });
  EXPECT_LE(sweep.lost, 20 * DisturbedSweep::lanes);
}

TEST(LocalEngine, launcher_and_guardian_end_when_the_engine_retires) {
  LocalWorld world;
  ConformanceEar ear(world);
  world.engine().start(world.order({1}, 1, {}));
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  world.engine().retire();
  EXPECT_TRUE(world.run_until([&] {
    return world.find_process("gang-launcher") == 0 && world.find_process("gang-guardian") == 0;
  }));
  // The next gang finds a new one.
  world.engine().start(world.order({2}, 1, {}));
  EXPECT_TRUE(ear.hear_end_of({{2}, 0}));
}

TEST(LocalEngine, a_launcher_does_not_retire_while_a_gang_runs) {
  LocalWorld world;
  ConformanceEar ear(world);
  world.engine().start(world.order({1}, 1, {.runs = milliseconds(300)}));
  ASSERT_TRUE(ear.hear_until([&] { return !ear.starts.empty(); }));
  world.engine().retire();
  world.restart(ear.cursor, {});
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  EXPECT_EQ(ear.ends.at({{{1}, 0}, 1}).ending.cause, EndCause::done);
}

NodeSample sample_of(std::vector<std::vector<DeviceProcess>> processes) {
  NodeSample sample;
  for (auto& list : processes) {
    sample.devices.emplace_back();
    sample.devices.back().processes = std::move(list);
  }
  return sample;
}

TEST(ForeignUse, somebody_elses_process_is_told_once_when_it_comes_and_once_when_it_goes) {
  ForeignUseWatch watch;
  const DeviceProcess stranger{1, std::nullopt, "eve", "python3"};
  auto changes = watch.look(sample_of({{}, {stranger}}), {0});
  ASSERT_EQ(changes.size(), 1u);
  const auto& use = std::get<ForeignUse>(changes[0].body);
  EXPECT_EQ(use.device, (DeviceId{{0}, 1}));
  EXPECT_EQ(use.holder, "pid 1 (python3) of eve");
  EXPECT_TRUE(watch.look(sample_of({{}, {stranger}}), {0}).empty());
  changes = watch.look(sample_of({{}, {}}), {0});
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(std::get<ForeignUse>(changes[0].body).holder, "");
}

TEST(ForeignUse, a_device_that_cannot_tell_its_processes_changes_nothing) {
  ForeignUseWatch watch;
  NodeSample sample = sample_of({{DeviceProcess{1, std::nullopt, "", ""}}});
  EXPECT_EQ(watch.look(sample, {0}).size(), 1u);
  sample.devices[0].processes.reset();
  EXPECT_TRUE(watch.look(sample, {0}).empty());
}

TEST(ForeignUse, what_descends_from_our_launcher_is_ours) {
  OurProcesses ours{{::getppid()}, ""};
  EXPECT_TRUE(is_ours(::getpid(), ours));
  ours.ancestors = {1'000'000};
  EXPECT_FALSE(is_ours(::getpid(), ours));
}

TEST(LocalEngine, a_guardian_that_is_killed_is_replaced_and_no_gang_runs_twice) {
  DisturbedSweep sweep;
  sweep.run(10, [&] { sweep.world.kill_process("gang-guardian"); });
  EXPECT_LE(sweep.lost, 10 * DisturbedSweep::lanes);
}

TEST(LocalEngine, when_launcher_and_guardian_are_killed_each_gang_has_one_outcome_all_the_same) {
  DisturbedSweep sweep;
  sweep.run(10, [&] {
    const std::int64_t launcher = ask_launcher(sweep.world.path());
    sweep.world.kill_process("gang-guardian");
    if (launcher > 0) ::kill(static_cast<pid_t>(launcher), SIGKILL);
  });
  EXPECT_LE(sweep.lost, 10 * DisturbedSweep::lanes);
}

TEST(LocalEngine, a_service_that_is_killed_again_and_again_loses_no_gang_and_runs_none_twice) {
  DisturbedSweep sweep;
  sweep.run(20, [&] { sweep.restart_service(); });
  EXPECT_EQ(sweep.lost, 0u);
}

}  // namespace
}  // namespace gangline

int main(int argc, char** argv) {
  if (argc > 3 && std::string_view(argv[1]) == "internal-launcher")
    return gangline::run_launcher(gangline::test_launcher(argv[3], argc > 4));
  if (argc > 1 && std::string_view(argv[1]) == "internal-probe")
    return gangline::run_probe(STDIN_FILENO, STDOUT_FILENO, gangline::sources_from_environment());
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
