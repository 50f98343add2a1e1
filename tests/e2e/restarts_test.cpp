// A machine that was started again, and a store that is gone.
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "machine.h"

namespace gangline {
namespace {

constexpr const char* boot_file = "/proc/sys/kernel/random/boot_id";
constexpr const char* hold = "echo up >> up; while ! [ -e go ]; do sleep 0.01; done; exit 3";

// A machine of two CPUs that can be started again: the kernel's name for the boot is a file of the
// test, in a mount namespace that only this test sees; clocks since boot begin anew.
class Restarts : public testing::Test {
 protected:
  void SetUp() override {
    machine_.write("boot", "first\n");
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount((machine_.path() + "/boot").c_str(), boot_file, nullptr, MS_BIND, nullptr) != 0)
      GTEST_SKIP() << "no name of the boot may be made up here: " << std::strerror(errno);
    machine_.give_gpus(Machine::profile_of("none.txt"), 2);
    machine_.set("GANGLINE_STATE", "");
    machine_.set("XDG_STATE_HOME", machine_.path() + "/kept");
    machine_.set("XDG_RUNTIME_DIR", runtime_);
    make_runtime();
    // Weeks after its boot.
    if (machine_.run({"unshare", "--time", "--boottime", "3000000", "true"}).code == 0)
      machine_.begin_commands_with({"unshare", "--time", "--boottime", "3000000"});
  }
  void TearDown() override { ::umount2(boot_file, MNT_DETACH); }

  void restart() {
    machine_.end_all();
    std::filesystem::remove_all(runtime_);
    make_runtime();
    machine_.write("boot", "second\n");
    machine_.begin_commands_with({});
  }
  /// What the launcher has written so far is on disk; later records are not, should the power fail.
  void remember_launcher() const {
    std::filesystem::create_directory(on_disk_);
    std::error_code gone;  // a segment that was replaced meanwhile
    for (const auto& file : std::filesystem::directory_iterator(launcher_))
      if (file.is_regular_file()) std::filesystem::copy(file.path(), on_disk_, gone);
  }
  void cut_power() {
    machine_.end_all();
    std::filesystem::remove_all(launcher_);
    std::filesystem::rename(on_disk_, launcher_);
    std::filesystem::permissions(launcher_, std::filesystem::perms::owner_all);
    restart();
  }
  /// A file is there before its line is.
  bool wrote(const std::string& file) const { return !machine_.lines(file).empty(); }
  void make_runtime() const {
    std::filesystem::create_directory(runtime_);
    std::filesystem::permissions(runtime_, std::filesystem::perms::owner_all);
  }

  Machine machine_;
  std::string runtime_ = machine_.path() + "/runtime";
  std::string launcher_ = machine_.path() + "/kept/gangline/launcher";
  std::string on_disk_ = machine_.path() + "/on-disk";
};

TEST_F(Restarts, WhatRanIsLostOrRunsAgainWhatWaitedStartsAndNothingIsLeftAsRunning) {
  const std::string lost =
      machine_.submit({"--time", "1h", "--", "sh", "-c", "echo up >> lost; exec sleep 600"});
  const std::string again =
      machine_.submit({"--retries", "1", "--", "sh", "-c",
                       "echo up >> again; [ $GANG_ATTEMPT = 2 ] || exec sleep 600"});
  ASSERT_TRUE(becomes_true([&] { return wrote("lost") && wrote("again"); }));
  const std::string waits = machine_.submit({"--cpus", "2", "--", "touch", "waited"});
  const std::string depends = machine_.submit({"--after", lost, "--", "touch", "never"});
  EXPECT_EQ(machine_.show(waits).summary.waiting, 1u);

  restart();
  EXPECT_NE(machine_.wait(lost), 0);
  const GangView gang = machine_.show_gang(lost + ".0");
  EXPECT_EQ(gang.ending->cause, EndCause::lost);
  EXPECT_EQ(gang.ending->detail, "the machine was restarted while it ran");
  EXPECT_EQ(machine_.wait(again), 0);
  EXPECT_EQ(machine_.wait(waits), 0);
  EXPECT_NE(machine_.wait(depends), 0);
  EXPECT_EQ(machine_.lines("lost").size(), 1u);
  EXPECT_EQ(machine_.lines("again").size(), 2u);
  EXPECT_TRUE(machine_.exists("waited"));
  EXPECT_FALSE(machine_.exists("never"));
  for (const JobSummary& job : machine_.list()) EXPECT_EQ(job.phase, GangPhase::ended) << job.id.n;
}

TEST_F(Restarts, ATimeThatBeganBeforeTheRestartEndsNothingAfterIt) {
  const std::string job =
      machine_.submit({"--time", "2s", "--retries", "1", "--", "sh", "-c",
                       "echo up >> up; [ $GANG_ATTEMPT = 1 ] || exit 0; exec sleep 600"});
  ASSERT_TRUE(becomes_true([&] { return wrote("up"); }));
  restart();
  EXPECT_EQ(machine_.wait(job), 0);
  EXPECT_EQ(machine_.lines("up").size(), 2u);
}

TEST_F(Restarts, AGangOfWhichAPowerCutTookAllRecordsIsNotStartedTwice) {
  EXPECT_EQ(machine_.gang({"run", "--", "true"}).code, 0);
  remember_launcher();
  const std::string once = machine_.submit({"--", "sh", "-c", "echo up >> once; exec sleep 600"});
  const std::string twice =
      machine_.submit({"--retries", "1", "--", "sh", "-c",
                       "echo up >> twice; [ $GANG_ATTEMPT = 2 ] || exec sleep 600"});
  ASSERT_TRUE(becomes_true([&] { return wrote("once") && wrote("twice"); }));
  ASSERT_TRUE(becomes_true([&] { return machine_.show(once).summary.running == 1; }));

  cut_power();
  EXPECT_NE(machine_.wait(once), 0);
  EXPECT_EQ(machine_.show_gang(once + ".0").ending->cause, EndCause::lost);
  EXPECT_TRUE(machine_.show_gang(once + ".0").started) << "it was told that it had begun";
  EXPECT_EQ(machine_.wait(twice), 0);
  EXPECT_EQ(machine_.lines("once").size(), 1u);
  EXPECT_EQ(machine_.lines("twice").size(), 2u);
  EXPECT_EQ(machine_.gang({"run", "--", "echo", "on"}).out, "on\n");
}

TEST_F(Restarts, ASweepOfWhichAPowerCutTookRecordsHasOneOutcomeForEachGangAndRunsNoneTwice) {
  const std::string job =
      machine_.submit({"--sweep", "i=1..2000", "--", "sh", "-c", "echo $GANG_GANG >> lines"});
  const auto written = [&](std::size_t most) {
    return becomes_true([&] { return machine_.lines("lines").size() > most; });
  };
  ASSERT_TRUE(written(100));
  remember_launcher();
  ASSERT_TRUE(written(600));
  cut_power();
  machine_.wait(job);
  std::map<std::string, int> lines;
  for (const std::string& line : machine_.lines("lines"))
    EXPECT_EQ(++lines[line], 1) << "gang " << line << " ran twice";
  const JobDetail detail = machine_.show(job, 10'000);
  EXPECT_EQ(detail.summary.ended_well + detail.summary.ended_badly, 2000u);
  for (const GangView& gang : detail.gangs) {
    ASSERT_TRUE(gang.ending);
    if (gang.ending->cause == EndCause::done) {
      EXPECT_EQ(lines[std::to_string(gang.id.index)], 1);
      continue;
    }
    EXPECT_EQ(gang.ending->cause, EndCause::lost);
    EXPECT_TRUE(says(gang.ending->detail, "the machine was restarted"));
  }
}

TEST_F(Restarts, AGangThatRunsAfterARestartHasAnEndOfItsOwn) {
  // The guardian's exits of both boots stand in one file, and numbers of processes begin again.
  const std::string before = machine_.submit({"--", "sh", "-c", hold});
  ASSERT_TRUE(becomes_true([&] { return wrote("up"); }));
  const pid_t launcher = machine_.launcher();
  ::kill(launcher, SIGKILL);
  ASSERT_TRUE(becomes_true([&] { return machine_.launcher() != launcher; }));
  restart();
  EXPECT_NE(machine_.wait(before), 0);
  const std::string after = machine_.submit({"--", "sh", "-c", hold});
  ASSERT_TRUE(becomes_true([&] { return machine_.lines("up").size() == 2; }));
  ::kill(machine_.launcher(), SIGKILL);
  machine_.write("go", "");
  EXPECT_EQ(machine_.wait(after), 3);
}

class LostStores : public testing::Test {
 protected:
  // As by `rm`: the service is not running, all else stays.
  void lose_store() {
    ASSERT_TRUE(becomes_true([&] { return machine_.service() == 0; }));
    for (const char* end : {"", "-wal", "-shm"})
      std::filesystem::remove(machine_.state() + "/gangline.db" + end);
  }
  Machine machine_;
};

TEST_F(LostStores, AJobAfterwardsReallyRunsAndItsOutputIsItsOwn) {
  EXPECT_EQ(machine_.gang({"run", "--", "echo", "first"}).out, "first\n");
  machine_.gang({"daemon", "stop"});
  lose_store();
  EXPECT_EQ(machine_.gang({"run", "--", "echo", "second"}).out, "second\n");
  EXPECT_EQ(machine_.list().size(), 1u);
  EXPECT_EQ(machine_.gang({"logs", std::to_string(machine_.list()[0].id.n)}).out, "second\n");
}

TEST_F(LostStores, AGangThatStillRunsIsStoppedAndTheNextJobRuns) {
  machine_.submit({"--", "sh", "-c", "echo $$ >> pids; exec sleep 600"});
  ASSERT_TRUE(becomes_true([&] { return !machine_.lines("pids").empty(); }));
  const auto pid = static_cast<pid_t>(std::stol(machine_.lines("pids")[0]));
  ::kill(machine_.service(), SIGKILL);
  lose_store();
  EXPECT_EQ(machine_.gang({"run", "--", "echo", "second"}).out, "second\n");
  EXPECT_FALSE(is_alive(pid));
  EXPECT_EQ(machine_.list().size(), 1u);
  EXPECT_TRUE(says(machine_.read("state/launcher/launcher.log"),
                   "gangs of a store that is gone run here and are being stopped first: 1.0"));
}

TEST_F(LostStores, ALauncherThatRemembersOtherJobsIsNotMistaken) {
  EXPECT_EQ(machine_.gang({"run", "--", "echo", "first"}).out, "first\n");
  machine_.gang({"daemon", "stop"});
  lose_store();
  std::filesystem::remove_all(machine_.state() + "/jobs");  // so that numbers begin again
  EXPECT_EQ(machine_.gang({"run", "--", "echo", "second"}).out, "second\n");
  EXPECT_EQ(machine_.list()[0].id.n, 1u);
}

}  // namespace
}  // namespace gangline
