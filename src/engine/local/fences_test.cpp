// Fences tried, not claimed: real gangs that try to get out, under control groups of version 1 and
// 2 where this machine has them and this user may make them.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "engine/local/local_world.h"

namespace gangline {
namespace {

/// A root below which only the hierarchy of version 2 is seen that this machine mounts beside
/// version 1.
class OnlyVersion2 {
 public:
  OnlyVersion2() {
    char name[] = "/tmp/gangline-v2-XXXXXX";
    path_ = ::mkdtemp(name);
    for (const char* directory : {"/proc/self", "/sys/fs/cgroup"})
      std::filesystem::create_directories(path_ + directory);
    std::ofstream(path_ + "/proc/self/mountinfo")
        << "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    std::ofstream(path_ + "/proc/self/cgroup") << "0::/\n";
    std::filesystem::create_symlink("/sys/fs/cgroup/unified", path_ + "/sys/fs/cgroup/unified");
    std::filesystem::create_symlink("/dev", path_ + "/dev");
  }
  ~OnlyVersion2() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class TriedFences : public testing::TestWithParam<int> {
 protected:
  TriedFences() {
    if (GetParam() == 2) ::setenv("GANGLINE_TEST_CGROUPS", version_2_.path().c_str(), 1);
    world_ = std::make_unique<LocalWorld>();
    ear_ = std::make_unique<ConformanceEar>(*world_);
    // Two "GPUs", of which each gang here holds the first.
    Node node;
    node.name = "test";
    node.cpus = CpuSet::first(2);
    node.devices.resize(2);
    node.devices[0].files = {"/dev/full"};
    node.devices[1].files = {"/dev/zero"};
    for (Device& device : node.devices) device.vendor = "nvidia";
    world_->local().adopt_node({0}, node);
  }
  ~TriedFences() override { ::unsetenv("GANGLINE_TEST_CGROUPS"); }
  void SetUp() override {
    if (GetParam() == 2 && !std::filesystem::exists("/sys/fs/cgroup/unified/cgroup.procs"))
      GTEST_SKIP() << "no version 2 beside version 1 here";
  }

  /// Runs it to its end; false where devices are no fence here, and why.
  bool run(const std::string& script, std::uint32_t device = 0) {
    JobSpec spec;
    spec.name = "test";
    spec.command = {true, {script}};
    spec.dir = "/";
    spec.grace = milliseconds(300);
    spec.inherited = {{"PATH", "/usr/bin:/bin"}};
    StartOrder order = LocalWorld::order_of({1}, std::move(spec));
    Allocation allocation = *order.allocation;
    allocation.parts[0].tasks[0].devices = {{device, whole_device}};
    order.allocation = std::make_shared<const Allocation>(allocation);
    world_->engine().start(order);
    bool holds = false;
    EXPECT_TRUE(world_->run_until([&] {
      for (const Event& event : world_->engine().poll(now()).events) {
        if (const auto* started = std::get_if<GangStarted>(&event.body))
          for (const Fence& fence : started->fences) {
            holds = holds || (fence.name == "devices" && fence.holds);
            how_ += fence.name + ": " + fence.how + "\n";
          }
        if (const auto* ended = std::get_if<GangEnded>(&event.body)) ending_ = ended->ending;
      }
      return ending_.has_value();
    }));
    return holds;
  }
  std::string log() {
    auto log = world_->engine().read_log({{{1}, 0}, 1, 0, false, 0, 1 << 20});
    return log ? log->bytes : log.error().sentence();
  }
  /// Whether any process that wrote its number to this file is there. All are to be gone the moment
  /// the gang has ended.
  bool any_is_there(const std::string& file) const {
    for (const std::string& line : world_->lines_of(file)) {
      const auto pid = parse_number(line);
      const auto process = pid ? read_process(static_cast<std::int64_t>(*pid)) : std::nullopt;
      if (process && !process->zombie) return true;
    }
    return false;
  }

  const OnlyVersion2 version_2_;
  std::unique_ptr<LocalWorld> world_;
  std::unique_ptr<ConformanceEar> ear_;
  std::optional<Ending> ending_;
  std::string how_;
};

TEST_P(TriedFences,
       another_ones_device_file_cannot_be_opened_also_by_a_child_in_a_session_of_its_own) {
  const bool holds =
      run("for f in /dev/full /dev/zero; do (exec 3<$f) && echo yes $f || echo no $f; done; "
          "setsid -w sh -c '(exec 3</dev/zero) && echo yes || echo no'");
  if (!holds) GTEST_SKIP() << how_;
  // 1 is how this machine has them, which may be version 2 alone.
  if (GetParam() == 2) {
    EXPECT_NE(how_.find("(v2)"), std::string::npos) << how_;
  }
  EXPECT_EQ(log(), "yes /dev/full\nno /dev/zero\nno\n");
}

TEST_P(TriedFences, a_slice_opens_its_gpu_and_both_of_its_own_files_and_neither_of_another_slice) {
  // As MIG has them: a GPU, and slices with two nvidia-cap files each.
  Node node;
  node.name = "test";
  node.cpus = CpuSet::first(2);
  node.devices.resize(3);
  node.devices[0].files = {"/dev/random"};
  node.devices[1].files = {"/dev/full", "/dev/ptmx"};
  node.devices[2].files = {"/dev/zero", "/dev/urandom"};
  node.devices[0].allottable = false;
  node.devices[1].parent = node.devices[2].parent = 0;
  world_->local().adopt_node({0}, node);
  const bool holds = run(
      "for f in random full ptmx zero urandom; do (exec 3</dev/$f) && echo yes || echo no; done",
      1);
  if (!holds) GTEST_SKIP() << how_;
  EXPECT_EQ(log(), "yes\nyes\nyes\nno\nno\n");
}

TEST_P(TriedFences, who_leaves_the_session_and_hides_its_name_ends_with_the_gang) {
  const std::string file = world_->path() + "/pids";
  const bool holds = run("env -i setsid sh -c '(echo $$ >> " + file +
                         "; exec /bin/sleep 1000) </dev/null >/dev/null 2>&1 & sleep 0.1' & "
                         "while ! [ -s " +
                         file + " ]; do sleep 0.01; done");
  EXPECT_EQ(ending_->cause, EndCause::done);
  EXPECT_FALSE(any_is_there("pids"));
  if (!holds) GTEST_SKIP() << "ended, but without a control group: " << how_;
}

TEST_P(TriedFences, who_forks_at_the_end_again_and_again_ends_with_the_gang) {
  // Each makes the next, in a session of its own, and ends: there is never one for long.
  const std::string file = world_->path() + "/pids";
  std::ofstream(world_->path() + "/chain")
      << "echo $$ >> " << file << "\n[ -e " << world_->path() << "/stop ] && exit\n"
      << "env -i PATH=/usr/bin:/bin setsid -f sh " << world_->path() << "/chain\n";
  const bool holds = run("setsid -f sh " + world_->path() + "/chain; while [ $(wc -l < " + file +
                         " 2>/dev/null || echo 0) -lt 5 ]; do sleep 0.01; done");
  if (!holds) {
    std::ofstream(world_->path() + "/stop") << "x";
    GTEST_SKIP() << how_;
  }
  EXPECT_EQ(ending_->cause, EndCause::done);
  const std::size_t then = world_->lines_of("pids").size();
  const Span seen = since_boot();
  (void)world_->run_until([&] { return since_boot() - seen > milliseconds(200); });
  EXPECT_EQ(world_->lines_of("pids").size(), then) << "the chain goes on";
  EXPECT_FALSE(any_is_there("pids"));
  std::ofstream(world_->path() + "/stop") << "x";
}

TEST_P(TriedFences,
       turns_that_follow_each_other_have_the_same_groups_but_after_one_that_used_too_much) {
  JobSpec spec;
  spec.name = "test";
  // The third one goes over its limit.
  spec.command = {true,
                  {"cat /proc/self/cgroup; "
                   "[ $GANG_GANG != 2 ] || x=$(yes | head -c 300000000)"}};
  spec.dir = "/";
  spec.inherited = {{"PATH", "/usr/bin:/bin"}};
  spec.sweep = {{"i", {"0", "1", "2", "3", "4"}}};
  StartOrder order = LocalWorld::order_of({1}, std::move(spec));
  Allocation allocation = *order.allocation;
  allocation.parts[0].tasks[0].memory = mebibytes(64);
  order.allocation = std::make_shared<const Allocation>(allocation);
  order.count = 5;
  // The first reading of the machine may change what is known of it, and with that all groups.
  ASSERT_TRUE(world_->run_until([&] { return world_->engine().sample().has_value(); }));
  world_->engine().start(order);
  std::vector<EndCause> ends;
  bool holds = true;
  ASSERT_TRUE(world_->run_until([&] {
    for (const Event& event : world_->engine().poll(now()).events) {
      if (const auto* started = std::get_if<GangStarted>(&event.body))
        for (const Fence& fence : started->fences)
          if (fence.name == "memory" && !fence.holds) holds = false, how_ = fence.how;
      if (const auto* ended = std::get_if<GangEnded>(&event.body))
        ends.push_back(ended->ending.cause);
    }
    return ends.size() == 5;
  }));
  if (!holds) GTEST_SKIP() << how_;
  std::vector<std::string> groups;
  for (std::uint32_t index = 0; index < 5; ++index)
    groups.push_back(world_->engine().read_log({{{1}, index}, 1, 0, false, 0, 1 << 20})->bytes);
  EXPECT_NE(groups[0], "");
  EXPECT_EQ(groups[0], groups[1]);
  EXPECT_EQ(groups[1], groups[2]);
  EXPECT_NE(groups[2], groups[3]) << "what the third one left there is not the fourth's";
  EXPECT_EQ(groups[3], groups[4]);
  const std::vector<EndCause> wanted{EndCause::done, EndCause::done, EndCause::out_of_memory,
                                     EndCause::done, EndCause::done};
  EXPECT_EQ(ends, wanted);
}

INSTANTIATE_TEST_SUITE_P(Versions, TriedFences, testing::Values(1, 2));

}  // namespace
}  // namespace gangline
