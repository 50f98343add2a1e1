// What a gang of real processes meets: its environment, its mates, its limits and its end.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>

#include "base/text.h"
#include "engine/local/local_world.h"
#include "launch/environment.h"

namespace gangline {
namespace {

class Gangs : public ::testing::Test {
 protected:
  Gangs() : ear(world) {}

  static JobSpec spec_of(const std::string& script) {
    JobSpec spec;
    spec.name = "test";
    spec.command = {true, {script}};
    spec.dir = "/";
    spec.grace = milliseconds(300);
    spec.inherited = {{"PATH", "/usr/bin:/bin"}, {"HOME", "/here"}};
    return spec;
  }
  const Ending& run(const StartOrder& order) {
    world.engine().start(order);
    EXPECT_TRUE(ear.hear_end_of({order.job.id, order.first})) << world.local().trouble();
    return ear.ends[{{order.job.id, order.first}, 1}].ending;
  }
  const Ending& run(JobSpec spec, std::uint32_t tasks = 1) {
    return run(LocalWorld::order_of({1}, std::move(spec), tasks));
  }
  std::string log_of(std::uint32_t rank = 0, bool error_stream = false) {
    auto log = world.engine().read_log({{{1}, 0}, 1, rank, error_stream, 0, 1 << 20});
    return log ? log->bytes : log.error().sentence();
  }
  std::map<std::string, std::string> variables_of(std::uint32_t rank) {
    std::map<std::string, std::string> vars;
    const std::string log = log_of(rank);
    for (const std::string_view line : split(log, '\n')) {
      const auto equals = line.find('=');
      if (equals != std::string_view::npos)
        vars[std::string(line.substr(0, equals))] = line.substr(equals + 1);
    }
    return vars;
  }
  /// Whether a process that wrote its number to this file is still there.
  bool is_running(const std::string& file) {
    const auto lines = world.lines_of(file);
    if (lines.empty() || !parse_number(lines[0])) return false;
    const auto process = read_process(static_cast<std::int64_t>(*parse_number(lines[0])));
    return process && !process->zombie;
  }

  LocalWorld world;
  ConformanceEar ear;
};

TEST_F(Gangs, a_task_finds_its_team_in_the_usual_variables) {
  JobSpec spec = spec_of("env");
  spec.command = {false, {"env"}};
  spec.sweep = {{"lr", {"0.5"}}};
  spec.env = {{"MINE", "{lr}-{rank}"}, {"OMP_NUM_THREADS", "7"}};
  StartOrder order = LocalWorld::order_of({1}, std::move(spec), 2);
  EXPECT_EQ(run(order).cause, EndCause::done);
  auto first = variables_of(0);
  auto second = variables_of(1);
  EXPECT_EQ(first["RANK"], "0");
  EXPECT_EQ(second["RANK"], "1");
  EXPECT_EQ(second["LOCAL_RANK"], "1");
  EXPECT_EQ(second["WORLD_SIZE"], "2");
  EXPECT_EQ(second["LOCAL_WORLD_SIZE"], "2");
  EXPECT_EQ(second["NODE_RANK"], "0");
  EXPECT_EQ(second["MASTER_ADDR"], "127.0.0.1");
  EXPECT_FALSE(first["MASTER_PORT"].empty());
  EXPECT_EQ(first["MASTER_PORT"], second["MASTER_PORT"]);
  EXPECT_EQ(first["JAX_COORDINATOR_ADDRESS"], second["JAX_COORDINATOR_ADDRESS"]);
  EXPECT_EQ(second["JAX_PROCESS_ID"], "1");
  EXPECT_NE(second["TF_CONFIG"].find("\"index\": 1"), std::string::npos);
  EXPECT_EQ(second["GANG_SWEEP_LR"], "0.5");
  EXPECT_EQ(second["MINE"], "0.5-1");
  EXPECT_EQ(second["OMP_NUM_THREADS"], "7");
  EXPECT_EQ(second["HOME"], "/here");
  EXPECT_FALSE(first.contains("CUDA_VISIBLE_DEVICES"));
}

TEST_F(Gangs, a_task_sees_only_its_own_devices_whatever_the_job_says) {
  Node node;
  node.name = "test";
  node.devices.resize(2);
  node.devices[0].vendor = node.devices[1].vendor = "nvidia";
  node.devices[0].uid = "GPU-zero";
  // Its lease is one of the real machine, where this test may run twice.
  const std::string own = "GPU-" + std::to_string(::getpid());
  node.devices[1].uid = own;
  world.engine().adopt_node({0}, node);
  JobSpec spec = spec_of("env");
  spec.env = {{"CUDA_VISIBLE_DEVICES", "all"}};
  StartOrder order = LocalWorld::order_of({1}, std::move(spec), 2);
  Allocation allocation = *order.allocation;
  allocation.parts[0].tasks[1].devices = {{1, whole_device}};
  order.allocation = std::make_shared<const Allocation>(allocation);
  EXPECT_EQ(run(order).cause, EndCause::done);
  EXPECT_EQ(variables_of(0).at("CUDA_VISIBLE_DEVICES"), "");
  EXPECT_EQ(variables_of(1).at("CUDA_VISIBLE_DEVICES"), own);
}

Node node_with_amd() {
  Node node;
  node.devices.resize(3);
  for (std::uint32_t i = 0; i < 3; ++i) {
    node.devices[i].vendor = "amd";
    node.devices[i].uid = i == 2 ? "AMD-0000:c1:00.0" : "GPU-" + std::to_string(i);
    node.devices[i].ordinal = i + 1;  // 0 is a part of the CPU
  }
  return node;
}

TEST(Variables, ROCm_gets_names_or_its_own_numbers_and_HIP_counts_what_is_left) {
  TaskPlace place;
  place.devices = {{1, whole_device}, {2, whole_device}};
  EXPECT_EQ(fence_variables(node_with_amd(), place),
            (std::vector<EnvVar>{{"ROCR_VISIBLE_DEVICES", "GPU-1,3"},
                                 {"HIP_VISIBLE_DEVICES", "0,1"},
                                 {"GPU_DEVICE_ORDINAL", "0,1"}}));
}

TEST(Variables, numbers_do_not_count_what_a_fence_hides) {
  TaskPlace place;
  place.devices = {{1, whole_device}, {2, whole_device}};
  EXPECT_EQ(fence_variables(node_with_amd(), place, true)[0].second, "GPU-1,2");
}

TEST(Variables, a_task_without_AMD_devices_is_told_so) {
  for (const EnvVar& variable : fence_variables(node_with_amd(), TaskPlace{}))
    EXPECT_EQ(variable.second, "") << variable.first;
}

TEST(Variables, Intel_cards_are_counted_in_the_order_of_the_bus) {
  Node node = node_with_amd();
  for (Device& device : node.devices) device.vendor = "intel";
  TaskPlace place;
  place.devices = {{2, whole_device}};
  EXPECT_EQ(fence_variables(node, place),
            (std::vector<EnvVar>{{"ZE_AFFINITY_MASK", "3"},
                                 {"ZE_ENABLE_PCI_ID_DEVICE_ORDER", "1"},
                                 {"ZE_FLAT_DEVICE_HIERARCHY", "COMPOSITE"}}));
}

TEST(Variables, a_task_without_Intel_devices_gets_a_mask_that_leaves_none) {
  Node node = node_with_amd();
  for (Device& device : node.devices) device.vendor = "intel";
  EXPECT_EQ(fence_variables(node, TaskPlace{})[0], (EnvVar{"ZE_AFFINITY_MASK", "65535"}));
}

TEST_F(Gangs, a_task_is_bound_to_its_cpus) {
  StartOrder order = LocalWorld::order_of({1}, spec_of("grep Cpus_allowed_list /proc/self/status"));
  Allocation allocation = *order.allocation;
  allocation.parts[0].tasks[0].cpus = CpuSet::of({0});
  order.allocation = std::make_shared<const Allocation>(allocation);
  run(order);
  EXPECT_EQ(log_of(), "Cpus_allowed_list:\t0\n");
}

TEST_F(Gangs, signals_and_files_are_as_a_program_expects_them) {
  run(
      spec_of("grep -E 'Sig(Blk|Ign)' /proc/self/status; ls -l /proc/self/fd | grep -c -- '->'; "
              "readlink /proc/self/fd/0"));
  const std::string log = log_of();
  EXPECT_NE(log.find("SigBlk:\t0000000000000000"), std::string::npos) << log;
  // The C library ignores two signals of its own (32 and 33) in what it spawns, as the launcher is;
  // a thread in there, as TSan has one, makes the second usual again.
  const auto ignored = log.find("SigIgn:\t");
  ASSERT_NE(ignored, std::string::npos) << log;
  const std::uint64_t signals = std::stoull(log.substr(ignored + 8, 16), nullptr, 16);
  EXPECT_EQ(signals & ~0x180000000ull, 0u) << log;
  EXPECT_NE(log.find("\n4\n"), std::string::npos) << log;  // three, and that of ls
  EXPECT_NE(log.find("/dev/null"), std::string::npos) << log;
}

TEST_F(Gangs, when_one_program_is_missing_no_task_starts) {
  JobSpec spec = spec_of("");
  spec.command = {false, {world.path() + "/program{rank}", "x"}};
  std::ofstream(world.path() + "/program0") << "#!/bin/sh\ntouch " << world.path() << "/ran\n";
  ::chmod((world.path() + "/program0").c_str(), 0755);
  const Ending& ending = run(std::move(spec), 2);
  EXPECT_EQ(ending.cause, EndCause::not_started);
  EXPECT_NE(ending.detail.find("program1"), std::string::npos) << ending.detail;
  EXPECT_FALSE(std::filesystem::exists(world.path() + "/ran"));
}

TEST_F(Gangs, one_that_was_asked_to_start_under_another_boot_is_lost_and_never_begun) {
  StartOrder order = LocalWorld::order_of({1}, spec_of("touch " + world.path() + "/ran"));
  order.boot = "another boot";
  const Ending& ending = run(order);
  EXPECT_EQ(ending.cause, EndCause::lost);
  EXPECT_NE(ending.detail.find("restarted"), std::string::npos) << ending.detail;
  EXPECT_FALSE(std::filesystem::exists(world.path() + "/ran"));
}

TEST_F(Gangs, a_missing_directory_is_named) {
  JobSpec spec = spec_of("true");
  spec.dir = "/no/such/place";
  const Ending& ending = run(std::move(spec));
  EXPECT_EQ(ending.cause, EndCause::not_started);
  EXPECT_NE(ending.detail.find("/no/such/place"), std::string::npos) << ending.detail;
}

TEST_F(Gangs, a_script_without_an_interpreter_line_runs_in_the_shell) {
  std::ofstream(world.path() + "/script") << "echo \"$1\"\n";
  ::chmod((world.path() + "/script").c_str(), 0755);
  JobSpec spec = spec_of("");
  spec.command = {false, {world.path() + "/script", "word"}};
  EXPECT_EQ(run(std::move(spec)).cause, EndCause::done);
  EXPECT_EQ(log_of(), "word\n");
}

TEST_F(Gangs, a_file_that_is_no_program_is_told_as_not_started) {
  std::ofstream(world.path() + "/script") << "#!/no/such/interpreter\n";
  ::chmod((world.path() + "/script").c_str(), 0755);
  JobSpec spec = spec_of("");
  spec.command = {false, {world.path() + "/script"}};
  const Ending& alone = run(std::move(spec));
  EXPECT_EQ(alone.cause, EndCause::not_started);
  EXPECT_NE(alone.detail.find("script"), std::string::npos) << alone.detail;
}

TEST_F(Gangs, one_failed_rank_stops_its_gang_and_is_named) {
  const Ending& ending =
      run(spec_of("if [ $RANK = 1 ]; then echo broken pipe dream >&2; exit 9; fi; sleep 100"), 3);
  EXPECT_EQ(ending.cause, EndCause::failed);
  EXPECT_EQ(ending.rank, 1u);
  EXPECT_EQ(ending.exit_code, 9);
  EXPECT_EQ(ending.last_lines, "broken pipe dream\n");
  EXPECT_EQ(ending.detail, "rank 1 ended with code 9");
}

TEST_F(Gangs, a_signal_that_ends_a_task_is_named) {
  const Ending& ending = run(spec_of("kill -SEGV $$"));
  EXPECT_EQ(ending.cause, EndCause::failed);
  EXPECT_EQ(ending.signal, SIGSEGV);
  EXPECT_NE(ending.detail.find("Segmentation fault"), std::string::npos) << ending.detail;
}

TEST_F(Gangs, the_time_limit_ends_a_gang_that_ignores_the_signal) {
  JobSpec spec = spec_of("trap '' TERM; while true; do sleep 0.1; done");
  spec.time = milliseconds(200);
  const Ending& ending = run(std::move(spec), 2);
  EXPECT_EQ(ending.cause, EndCause::time_limit);
  EXPECT_NE(ending.detail.find("0.2s"), std::string::npos) << ending.detail;
}

TEST_F(Gangs, a_gang_may_save_its_work_between_the_signal_and_the_end) {
  JobSpec spec =
      spec_of("trap 'echo saved; exit 0' TERM; echo up; while true; do sleep 0.05; done");
  spec.grace = seconds(30);
  world.engine().start(LocalWorld::order_of({1}, std::move(spec)));
  ASSERT_TRUE(ear.hear_until([&] { return log_of() == "up\n"; }));
  world.engine().stop({{{1}, 0}, EndCause::stopped, "enough", false});
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  EXPECT_EQ(log_of(), "up\nsaved\n");
  EXPECT_EQ((ear.ends[{{{1}, 0}, 1}].ending.exit_code), 0);
}

JobSpec withstands_its_own_signal(JobSpec spec) {
  spec.command.words = {
      "trap 'echo own' USR1; trap 'echo term; exit 0' TERM; echo up; while :; do sleep 0.02; done"};
  spec.stop_signal = SIGUSR1;
  spec.grace = seconds(6);
  return spec;
}

TEST_F(Gangs, what_goes_on_after_a_stop_signal_of_its_own_gets_term_within_its_grace) {
  world.engine().start(LocalWorld::order_of({1}, withstands_its_own_signal(spec_of(""))));
  ASSERT_TRUE(ear.hear_until([&] { return log_of() == "up\n"; }));
  world.engine().stop({{{1}, 0}, EndCause::preempted, "", false});
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  EXPECT_EQ(log_of(), "up\nown\nterm\n");
  EXPECT_EQ((ear.ends[{{{1}, 0}, 1}].ending.exit_code), 0);
}

TEST_F(Gangs, another_launcher_sends_term_to_what_the_one_before_it_stopped) {
  world.engine().start(LocalWorld::order_of({1}, withstands_its_own_signal(spec_of(""))));
  ASSERT_TRUE(ear.hear_until([&] { return log_of() == "up\n"; }));
  world.engine().stop({{{1}, 0}, EndCause::preempted, "", false});
  ASSERT_TRUE(ear.hear_until([&] { return log_of() == "up\nown\n"; }));
  ASSERT_TRUE(world.kill_launcher());
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  EXPECT_TRUE(log_of().ends_with("own\nterm\n")) << log_of();
  EXPECT_EQ((ear.ends[{{{1}, 0}, 1}].ending.exit_code), 0);
}

TEST_F(Gangs, a_stop_reaches_children_that_left_group_and_session) {
  world.engine().start(
      LocalWorld::order_of({1}, spec_of("(setsid sh -c 'trap \"\" TERM; echo $$ > " + world.path() +
                                        "/child; while true; do sleep 0.1; done' &) ; sleep 100")));
  ASSERT_TRUE(ear.hear_until([&] { return is_running("child"); }));
  world.engine().stop({{{1}, 0}, EndCause::stopped, "", false});
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  EXPECT_TRUE(ear.hear_until([&] { return !is_running("child"); }));
}

TEST_F(Gangs, what_a_gang_leaves_behind_ends_with_it) {
  run(spec_of("setsid sh -c 'echo $$ > " + world.path() +
              "/child; exec sleep 100' & while ! [ -s " + world.path() +
              "/child ]; do sleep 0.01; done"));
  EXPECT_FALSE(is_running("child"));
}

TEST_F(Gangs, the_children_of_another_gang_are_left_alone) {
  world.engine().start(
      LocalWorld::order_of({2}, spec_of("(setsid sh -c 'echo $$ > " + world.path() +
                                        "/child; exec sleep 100' &) ; sleep 100")));
  ASSERT_TRUE(ear.hear_until([&] { return is_running("child"); }));
  EXPECT_EQ(run(spec_of("true")).cause, EndCause::done);
  EXPECT_TRUE(is_running("child"));
}

TEST_F(Gangs, a_log_that_grows_beyond_its_limit_keeps_head_and_newest_and_says_so) {
  JobSpec spec = spec_of(
      "echo head; i=0; while [ $i -lt 60 ]; do head -c 100000 /dev/zero | "
      "tr '\\0' x; sleep 0.05; i=$((i+1)); done; echo tail");
  spec.log_limit = mebibytes(1);
  world.engine().start(LocalWorld::order_of({1}, std::move(spec)));
  std::optional<LogTrimmed> trimmed;
  int times = 0;
  ASSERT_TRUE(world.run_until([&] {
    const News news = world.engine().poll(now());
    bool over = false;
    for (const Event& event : news.events) {
      if (const auto* told = std::get_if<LogTrimmed>(&event.body)) {
        trimmed = *told;
        ++times;
      }
      over = over || std::holds_alternative<GangEnded>(event.body);
    }
    return over;
  }));
  ASSERT_TRUE(trimmed.has_value());
  EXPECT_EQ(times, 1);
  EXPECT_EQ(trimmed->limit, mebibytes(1));
  const auto head = world.engine().read_log({{{1}, 0}, 1, 0, false, 0, 1 << 30});
  ASSERT_TRUE(head.ok());
  EXPECT_TRUE(head->bytes.starts_with("head\n"));
  const auto rest = world.engine().read_log({{{1}, 0}, 1, 0, false, head->bytes.size(), 1 << 30});
  ASSERT_TRUE(rest.ok());
  EXPECT_GT(rest->dropped, 0u);
  EXPECT_TRUE(rest->bytes.ends_with("tail\n"));
  EXPECT_EQ(head->bytes.size() + rest->dropped + rest->bytes.size(), rest->size);
}

TEST_F(Gangs, over_its_memory_limit_a_gang_ends_as_out_of_memory) {
  StartOrder order = LocalWorld::order_of(
      {1}, spec_of("x=$(head -c 300000000 /dev/zero | tr '\\0' x); echo ${#x}"));
  Allocation allocation = *order.allocation;
  allocation.parts[0].tasks[0].memory = mebibytes(64);
  order.allocation = std::make_shared<const Allocation>(allocation);
  std::vector<Fence> fences;
  world.engine().start(order);
  const Ending* ending = nullptr;
  std::vector<Event> seen;
  ASSERT_TRUE(world.run_until([&] {
    for (Event& event : world.engine().poll(now()).events) seen.push_back(std::move(event));
    for (const Event& event : seen) {
      if (const auto* started = std::get_if<GangStarted>(&event.body)) fences = started->fences;
      if (const auto* ended = std::get_if<GangEnded>(&event.body)) ending = &ended->ending;
    }
    return ending != nullptr;
  }));
  for (const Fence& fence : fences)
    if (fence.name == "memory" && !fence.holds) GTEST_SKIP() << "not permitted here: " << fence.how;
  EXPECT_EQ(ending->cause, EndCause::out_of_memory);
  EXPECT_NE(ending->detail.find("memory limit"), std::string::npos) << ending->detail;
}

TEST_F(Gangs, a_gather_is_given_the_outputs_of_all_gangs_in_order) {
  JobSpec spec = spec_of("echo {i} > {output}");
  spec.sweep = {{"i", {"a", "b", "c"}}};
  spec.gather = Command{true, {"cat {outputs}"}};
  StartOrder order = LocalWorld::order_of({1}, spec);
  order.count = 3;
  world.engine().start(order);
  ASSERT_TRUE(ear.hear_end_of({{1}, 2}));
  order.first = 3;
  order.count = 1;
  EXPECT_EQ(run(order).cause, EndCause::done);
  const auto log = world.engine().read_log({{{1}, 3}, 1, 0, false, 0, 100});
  ASSERT_TRUE(log.ok());
  EXPECT_EQ(log->bytes, "a\nb\nc\n");
}

TEST_F(Gangs, a_piece_of_a_file_of_lines_is_a_file_of_its_own) {
  const std::string source = world.path() + "/lines";
  std::ofstream(source) << "one\ntwo\nthree\n";
  struct stat there {};
  ASSERT_EQ(::stat(source.c_str(), &there), 0);
  JobSpec spec = spec_of("cat {shard}");
  spec.split = Split{SplitKind::lines,
                     source,
                     Bytes{14},
                     Time{there.st_mtim.tv_sec * 1'000'000 + there.st_mtim.tv_nsec / 1000},
                     {{"", 0, 8}, {"", 8, 14}}};
  StartOrder order = LocalWorld::order_of({1}, spec);
  order.first = 1;
  EXPECT_EQ(run(order).cause, EndCause::done);
  EXPECT_EQ(world.engine().read_log({{{1}, 1}, 1, 0, false, 0, 100})->bytes, "three\n");

  std::ofstream(source) << "changed\n";
  order.first = 0;
  const Ending& ending = run(order);
  EXPECT_EQ(ending.cause, EndCause::not_started);
  EXPECT_NE(ending.detail.find("changed"), std::string::npos) << ending.detail;
}

/// A disk of a few megabytes in the place of the world's state directory.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path, const std::string& size = "16m") : path_(path) {
    const std::string what = "nr_inodes=200,mode=0700,size=" + size;
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, what.c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }
  /// Until neither a byte nor a file more fits.
  void fill() {
    std::filesystem::create_directories(path_ + "/filler");
    std::ofstream bytes(path_ + "/filler/bytes");
    while (bytes << std::string(4096, 'x') && bytes.flush()) {
    }
    for (int i = 0; std::ofstream(path_ + "/filler/" + std::to_string(i)); ++i) {
    }
  }
  void empty() { std::filesystem::remove_all(path_ + "/filler"); }
  void grow() {
    ASSERT_EQ(::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT, "size=32m"), 0)
        << std::strerror(errno);
  }

 private:
  std::string path_;
  bool mounted_ = false;
};

TEST(FullDisk, running_gangs_end_as_ever_and_new_ones_start_when_there_is_room_again) {
  LocalWorld world;
  ConformanceEar ear(world);
  SmallDisk disk(world.path());
  if (!disk.mounted()) GTEST_SKIP() << "mounting is not permitted here";
  world.engine().start(world.order({1}, 1, {.runs = milliseconds(500), .exit_code = 5}));
  ASSERT_TRUE(ear.hear_until([&] { return !ear.starts.empty(); }));
  disk.fill();
  world.engine().start(world.order({2}, 1, {}));

  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  EXPECT_EQ(ear.ends.at({{{1}, 0}, 1}).ending.exit_code, 5);
  ASSERT_TRUE(ear.hear_until([&] { return !world.local().trouble().empty(); }));
  EXPECT_NE(world.local().trouble().find("make room"), std::string::npos)
      << world.local().trouble();
  EXPECT_FALSE(ear.ends.contains({{{2}, 0}, 1}));

  disk.empty();
  ASSERT_TRUE(ear.hear_end_of({{2}, 0}));
  EXPECT_EQ(ear.ends.at({{{2}, 0}, 1}).ending.cause, EndCause::done)
      << ear.ends.at({{{2}, 0}, 1}).ending.detail;
  EXPECT_TRUE(ear.hear_until([&] { return world.local().trouble().empty(); }))
      << world.local().trouble();
}

TEST(FullDisk, a_disk_without_room_for_a_journal_is_told_and_gangs_begin_when_there_is_room) {
  LocalWorld world;
  ConformanceEar ear(world);
  SmallDisk disk(world.path(), "3m");
  if (!disk.mounted()) GTEST_SKIP() << "mounting is not permitted here";
  StartOrder order = world.order({1}, 3, {});
  order.count = 3;
  world.engine().start(order);
  ASSERT_TRUE(ear.hear_until([&] { return !world.local().trouble().empty(); }));
  EXPECT_EQ(world.local().trouble(),
            "the launcher cannot write its journal: no room on the disk of " + world.path() +
                "/launcher; make room there");

  world.engine().stop({{{1}, 1}, EndCause::stopped, "stopped by anna", false});
  ASSERT_TRUE(ear.hear_end_of({{1}, 1}));
  EXPECT_EQ(ear.ends.at({{{1}, 1}, 1}).ending.cause, EndCause::stopped);
  EXPECT_EQ(ear.ends.at({{{1}, 1}, 1}).ending.detail, "stopped by anna");
  EXPECT_EQ(ear.ends.at({{{1}, 1}, 1}).started, Time{0}) << "it never ran";

  disk.grow();
  ASSERT_TRUE(ear.hear_end_of({{1}, 2}));
  EXPECT_EQ(ear.ends.at({{{1}, 0}, 1}).ending.cause, EndCause::done);
  EXPECT_EQ(ear.ends.at({{{1}, 2}, 1}).ending.cause, EndCause::done);
  EXPECT_EQ(ear.starts.size(), 2u);
  EXPECT_TRUE(ear.ended_twice.empty());
  EXPECT_TRUE(ear.hear_until([&] { return world.local().trouble().empty(); }));
}

TEST(FullDisk, a_launcher_that_is_killed_before_it_had_room_for_a_journal_lost_nothing) {
  LocalWorld world;
  ConformanceEar ear(world);
  SmallDisk disk(world.path(), "3m");
  if (!disk.mounted()) GTEST_SKIP() << "mounting is not permitted here";
  world.engine().start(world.order({1}, 1, {.exit_code = 4}));
  ASSERT_TRUE(ear.hear_until([&] { return !world.local().trouble().empty(); }));
  world.kill_launcher();
  disk.grow();
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  EXPECT_EQ(ear.ends.at({{{1}, 0}, 1}).ending.exit_code, 4);
  EXPECT_EQ(ear.starts.size(), 1u);
  EXPECT_TRUE(ear.ended_twice.empty());
}

TEST(FullDisk, what_the_journal_had_no_room_for_can_be_stopped_while_others_run) {
  LocalWorld world;
  ConformanceEar ear(world);
  SmallDisk disk(world.path());
  if (!disk.mounted()) GTEST_SKIP() << "mounting is not permitted here";
  world.engine().start(world.order({1}, 1, {.runs = milliseconds(1500), .exit_code = 5}));
  ASSERT_TRUE(ear.hear_until([&] { return !ear.starts.empty(); }));
  disk.fill();
  world.engine().start(world.order({2}, 1, {}));
  ASSERT_TRUE(ear.hear_until([&] { return !world.local().trouble().empty(); }));
  world.engine().stop({{{2}, 0}, EndCause::stopped, "stopped by anna", false});
  ASSERT_TRUE(ear.hear_end_of({{2}, 0}));
  EXPECT_EQ(ear.ends.at({{{2}, 0}, 1}).ending.cause, EndCause::stopped);
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  EXPECT_EQ(ear.ends.at({{{1}, 0}, 1}).ending.exit_code, 5);
  EXPECT_EQ(ear.starts.size(), 1u);

  disk.empty();
  world.engine().start(world.order({3}, 1, {}));
  ASSERT_TRUE(ear.hear_end_of({{3}, 0}));
  EXPECT_EQ(ear.starts.size(), 2u) << "what was stopped does not begin";
}

TEST(FullDisk, a_launcher_that_is_killed_meanwhile_goes_on_as_well) {
  LocalWorld world;
  ConformanceEar ear(world);
  SmallDisk disk(world.path());
  if (!disk.mounted()) GTEST_SKIP() << "mounting is not permitted here";
  StartOrder order = world.order({1}, 3, {.runs = milliseconds(300)});
  order.count = 3;
  world.engine().start(order);
  ASSERT_TRUE(ear.hear_until([&] { return !ear.starts.empty(); }));
  disk.fill();
  world.kill_launcher();
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  EXPECT_EQ(ear.ends.at({{{1}, 0}, 1}).ending.cause, EndCause::done);
  disk.empty();
  ASSERT_TRUE(ear.hear_end_of({{1}, 2}));
  EXPECT_TRUE(ear.ended_twice.empty());
}

TEST(LostStore, its_gangs_are_stopped_and_a_job_of_the_same_number_runs) {
  LocalWorld world;
  world.set_store("first");
  world.restart("", {});
  JobSpec spec;
  spec.name = "test";
  spec.command = {true, {"echo up >> " + world.path() + "/ups; exec sleep 600"}};
  spec.dir = "/";
  spec.grace = seconds(2);
  spec.inherited = {{"PATH", "/usr/bin:/bin"}};
  world.engine().start(LocalWorld::order_of({1}, spec));
  ASSERT_TRUE(world.run_until([&] { return world.lines_of("ups").size() == 1; }));

  world.set_store("second");
  world.restart("", {});
  ConformanceEar ear(world);
  spec.command.words = {"echo second >> " + world.path() + "/ups"};
  const StartOrder again = LocalWorld::order_of({1}, std::move(spec));
  world.engine().start(again);
  ASSERT_TRUE(ear.hear_end_of({{1}, 0})) << world.local().trouble();
  EXPECT_EQ((ear.ends[{{{1}, 0}, 1}].ending.cause), EndCause::done);
  EXPECT_EQ(world.lines_of("ups"), (std::vector<std::string>{"up", "second"}));
  EXPECT_EQ(ear.ends.size(), 1u) << "ends of another store are nobody's news";
}

}  // namespace
}  // namespace gangline
