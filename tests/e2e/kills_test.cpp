// kill -9 at random moments during a sweep. Kills are the quick ones; KillLoops, 200 of each, run
// in the tier `kill`.
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "kill_world.h"
#include "launch/processes.h"

namespace gangline {
namespace {

constexpr int few = 10;
constexpr int many = 200;

struct Story {
  const char* name;
  Victims victims;
  /// A gang may be named as lost. Where only one process at a time is killed and another has the
  /// tasks for its children, none may. A launcher whose guardian is killed takes its place, and its
  /// tasks with it: when it is killed as the next guardian, a kernel before 6.15 tells nobody how
  /// these end, and none tells it of those that end before the next launcher looks.
  bool may_lose;
};

constexpr Story stories[] = {
    {"Service", {true, false, false}, false},
    {"Launcher", {false, true, false}, false},
    {"Guardian", {false, false, true}, true},
    {"ServiceAndLauncher", {true, true, false}, false},
    {"LauncherAndGuardian", {false, true, true}, true},
    {"AllThree", {true, true, true}, true},
};

void tell(const Story& story, int kills) {
  KillWorld world(kill_seed());
  const Count count = world.run(story.victims, kills);
  std::cout << story.name << ": " << count.kills << " killed, " << count.while_it_ran
            << " while it ran, " << count.well << " ended well, " << count.lost << " lost, "
            << count.seconds_taken << " s\n";
  EXPECT_GE(count.kills, kills * 9 / 10) << "too few kills met a process";
  if (!story.may_lose) {
    EXPECT_EQ(count.lost, 0) << "somebody was left who could see each end";
  }
}

std::string name_of_story(const testing::TestParamInfo<Story>& info) { return info.param.name; }

class EachOutcomeOnce : public testing::TestWithParam<Story> {};

TEST_P(EachOutcomeOnce, AlsoWhenItIsKilledAtRandomMoments) { tell(GetParam(), few); }

class EachOutcomeOnceInALongLoop : public testing::TestWithParam<Story> {};

TEST_P(EachOutcomeOnceInALongLoop, AlsoWhenItIsKilledAtRandomMoments) { tell(GetParam(), many); }

INSTANTIATE_TEST_SUITE_P(Kills, EachOutcomeOnce, testing::ValuesIn(stories), name_of_story);
INSTANTIATE_TEST_SUITE_P(KillLoops, EachOutcomeOnceInALongLoop, testing::ValuesIn(stories),
                         name_of_story);

TEST(Kills, AGangThatRunsWhenTheServiceIsKilledGoesOnAndItsEndIsRecorded) {
  const Machine machine;
  const std::string job = machine.submit(
      {"--", "sh", "-c", "echo up >> up; while ! [ -e go ]; do sleep 0.01; done; exit 3"});
  ASSERT_TRUE(becomes_true([&] { return machine.exists("up"); }));
  ::kill(machine.service(), SIGKILL);
  ASSERT_TRUE(becomes_true([&] { return machine.service() == 0; }));
  // The next command starts it; that the gang has begun may be news from the launcher.
  EXPECT_TRUE(becomes_true([&] { return machine.show(job).summary.running == 1; }));
  machine.write("go", "");
  EXPECT_EQ(machine.wait(job), 3);
  EXPECT_EQ(machine.lines("up").size(), 1u);
}

TEST(Kills, AGangThatRunsWhenTheLauncherIsKilledGoesOnAndItsEndIsRecorded) {
  const Machine machine;
  const std::string job = machine.submit(
      {"--", "sh", "-c", "echo up >> up; while ! [ -e go ]; do sleep 0.01; done; exit 3"});
  ASSERT_TRUE(becomes_true([&] { return machine.exists("up"); }));
  const pid_t before = machine.launcher();
  ::kill(before, SIGKILL);
  ASSERT_TRUE(becomes_true([&] {
    const pid_t now = machine.launcher();
    return now != 0 && now != before;
  }));
  machine.write("go", "");
  EXPECT_EQ(machine.wait(job), 3);
  EXPECT_EQ(machine.lines("up").size(), 1u);
}

// Service, launcher and guardian: nobody is left who would start another.
void kill_all_parts(const Machine& machine) {
  const pid_t launcher = machine.launcher();
  ::kill(machine.service(), SIGKILL);
  ::kill(machine.guardian(), SIGKILL);
  ::kill(launcher, SIGKILL);
  // A launcher that saw its guardian end may have started another.
  ASSERT_TRUE(becomes_true([&] {
    for (const pid_t pid : {machine.launcher(), machine.guardian()})
      if (pid != 0) ::kill(pid, SIGKILL);
    return machine.launcher() == 0 && machine.guardian() == 0 && machine.service() == 0;
  }));
}

/// Whether this kernel tells how a process ended also to others than its parent.
bool kernel_tells_others() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  const Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  siginfo_t ended{};
  ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED);
  return wait_status_of(pidfd.number(), child).has_value();
}

/// Not even as a zombie, which its parent, none of ours, has yet to let go of: it can be asked.
bool none_is_left(const std::vector<pid_t>& pids) {
  return std::all_of(pids.begin(), pids.end(), [](pid_t pid) { return ::kill(pid, 0) != 0; });
}

bool runs(const Machine& machine, const std::string& program) {
  for (const pid_t pid : machine.processes())
    if (machine.run({"cat", "/proc/" + std::to_string(pid) + "/comm"}).out == program + "\n")
      return true;
  return false;
}

TEST(Kills, AGangThatEndsWhileNobodyLooksIsNamedAsLost) {
  const Machine machine;
  const std::string job = machine.submit(
      {"--", "sh", "-c", "echo $$ >> up; while ! [ -e go ]; do sleep 0.01; done; exit 3"});
  ASSERT_TRUE(becomes_true([&] { return !machine.lines("up").empty(); }));
  kill_all_parts(machine);
  machine.write("go", "");
  const auto task = static_cast<pid_t>(std::stol(machine.lines("up").front()));
  ASSERT_TRUE(becomes_true([&] { return none_is_left({task}); }));
  EXPECT_NE(machine.wait(job), 0);
  const GangView view = machine.show_gang(job + ".0");
  EXPECT_EQ(view.ending->cause, EndCause::lost);
  EXPECT_NE(view.ending->detail, "");
  EXPECT_EQ(machine.lines("up").size(), 1u);
}

TEST(Kills, AGangWhoseLauncherAndGuardianAreKilledIsFoundAgain) {
  const Machine machine;
  const std::string job = machine.submit(
      {"--", "sh", "-c", "echo up >> up; while ! [ -e go ]; do sleep 0.01; done; exit 3"});
  ASSERT_TRUE(becomes_true([&] { return machine.exists("up"); }));
  kill_all_parts(machine);
  EXPECT_TRUE(becomes_true([&] { return machine.show(job).summary.running == 1; }));
  machine.write("go", "");
  const int code = machine.wait(job);
  const GangView view = machine.show_gang(job + ".0");
  if (kernel_tells_others()) {
    EXPECT_EQ(code, 3);
    EXPECT_EQ(view.ending->exit_code, 3);
  } else {
    EXPECT_EQ(view.ending->cause, EndCause::lost);
  }
  EXPECT_EQ(machine.lines("up").size(), 1u);
}

TEST(Kills, ALostGangStartsAgainWhereRetriesAllowIt) {
  const Machine machine;
  const std::string job =
      machine.submit({"--retries", "1", "--", "sh", "-c",
                      "echo $GANG_ATTEMPT >> up; [ $GANG_ATTEMPT = 2 ] || exec sleep 600"});
  ASSERT_TRUE(becomes_true([&] { return machine.exists("up") && runs(machine, "sleep"); }));
  kill_all_parts(machine);
  const std::vector<pid_t> tasks = machine.processes();
  for (const pid_t pid : tasks) ::kill(pid, SIGKILL);
  ASSERT_TRUE(becomes_true([&] { return none_is_left(tasks); }));
  EXPECT_EQ(machine.wait(job), 0);
  EXPECT_EQ(machine.lines("up"), (std::vector<std::string>{"1", "2"}));
}

}  // namespace
}  // namespace gangline
