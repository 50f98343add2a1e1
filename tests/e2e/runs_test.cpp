// `gang run` from the first command on a fresh machine to its exit code, and how it is stopped.
#include <sys/syscall.h>

#include "machine.h"

namespace gangline {
namespace {

// All processes of a task say their numbers here, so that a test can see them gone.
std::vector<pid_t> pids_in(const Machine& machine, const std::string& file) {
  std::vector<pid_t> pids;
  for (const std::string& line : machine.lines(file))
    if (!line.empty()) pids.push_back(static_cast<pid_t>(std::stol(line)));
  return pids;
}

// A task with a child, a grandchild and a process in the background, none of which heeds TERM.
constexpr const char* stubborn_family =
    "trap '' TERM; echo $$ >> pids; "
    "sh -c 'trap \"\" TERM; echo $$ >> pids; sh -c \"echo \\$\\$ >> pids; exec sleep 600\" & wait' "
    "& "
    "setsid sh -c 'echo $$ >> pids; exec sleep 600' & "
    "while true; do sleep 600; done";
constexpr std::size_t family_size = 4;

void expect_all_gone(const Machine& machine, std::size_t count) {
  const std::vector<pid_t> pids = pids_in(machine, "pids");
  EXPECT_EQ(pids.size(), count);
  for (const pid_t pid : pids)
    EXPECT_TRUE(becomes_true([&] { return !is_alive(pid); }, seconds(5))) << pid << " is left";
}

TEST(Runs, TheFirstCommandOnAFreshMachineRunsAndGivesTheOutputAndTheExitCode) {
  const Machine machine;
  const Ran ran = machine.gang({"run", "--", "sh", "-c", "echo well; echo badly >&2; exit 7"});
  EXPECT_EQ(ran.code, 7);
  EXPECT_EQ(ran.out, "well\n");
  EXPECT_TRUE(says(ran.err, "badly\n"));
  EXPECT_TRUE(says(ran.err, "rank 0 ended with code 7"));
}

TEST(Runs, AProgramThatEndsWellSaysNothingOfGangline) {
  const Machine machine;
  const Ran ran = machine.gang({"run", "--", "echo", "a  b"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "a  b\n");
  EXPECT_EQ(ran.err, "");
}

TEST(Runs, ASignalThatEndsTheProgramIsSaidAndIsInTheExitCode) {
  const Machine machine;
  const Ran ran = machine.gang({"run", "--", "sh", "-c", "kill -SEGV $$"});
  EXPECT_EQ(ran.code, 128 + SIGSEGV);
  EXPECT_TRUE(says(ran.err, "signal 11"));
}

TEST(Runs, AProgramThatIsNotThereIsSaidAndWasNeverStarted) {
  const Machine machine;
  const Ran ran = machine.gang({"run", "--", "no-such-program-here"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(says(ran.err, "no-such-program-here"));
  EXPECT_TRUE(says(ran.err, "not-started"));
}

TEST(Runs, TheDirectoryAndTheEnvironmentAreThoseOfTheCommand) {
  Machine machine;
  machine.set("COLOUR", "green");
  const Ran ran =
      machine.gang({"run", "--env", "SIZE=4", "--", "sh", "-c", "pwd; echo $COLOUR $SIZE"});
  EXPECT_EQ(ran.out, machine.path() + "\ngreen 4\n");
}

TEST(Runs, CtrlCStopsTheJobAndSaysSo) {
  const Machine machine;
  Beside run = machine.gang_beside({"run", "--", "sh", "-c", "echo up; exec sleep 600"});
  ASSERT_TRUE(becomes_true([&] { return run.out() == "up\n"; }));
  run.signal(SIGINT);
  const Ran ran = run.wait();
  EXPECT_EQ(ran.code, 130);
  EXPECT_TRUE(says(ran.err, "stopping job 1"));
  EXPECT_TRUE(says(ran.err, "stopped"));
  EXPECT_EQ(machine.show_gang("1.0").ending->cause, EndCause::stopped);
}

TEST(Runs, ASecondCtrlCEndsAtOnceWhatDoesNotHeedTheFirst) {
  const Machine machine;
  Beside run = machine.gang_beside({"run", "--grace", "10m", "--", "sh", "-c", stubborn_family});
  ASSERT_TRUE(becomes_true([&] { return pids_in(machine, "pids").size() == family_size; }));
  run.signal(SIGINT);
  ASSERT_TRUE(becomes_true([&] { return says(run.err(), "Ctrl-C again"); }));
  run.signal(SIGINT);
  const Ran ran = run.wait(seconds(20));
  EXPECT_EQ(ran.code, 130);
  EXPECT_TRUE(says(ran.err, "killing job 1"));
  expect_all_gone(machine, family_size);
}

TEST(Runs, TermStopsTheJobAndLeavesItItsGraceHoweverOftenItIsSent) {
  const Machine machine;
  const char* script =
      "trap 'echo asked' TERM; echo up; while ! [ -e saved ]; do sleep 0.01; done; exit 3";
  Beside run = machine.gang_beside({"run", "--grace", "10m", "--", "sh", "-c", script});
  ASSERT_TRUE(becomes_true([&] { return run.out() == "up\n"; }));
  run.signal(SIGTERM);
  ASSERT_TRUE(becomes_true([&] { return run.out() == "up\nasked\n"; }));
  const std::string told = "gang: stopping job 1\n";
  ASSERT_TRUE(becomes_true([&] { return says(run.err(), told); }));
  run.signal(SIGTERM);
  ASSERT_TRUE(becomes_true([&] { return run.err().find(told) != run.err().rfind(told); }));
  machine.write("saved", "");
  const Ran ran = run.wait();
  EXPECT_EQ(ran.code, 128 + SIGTERM);
  EXPECT_EQ(machine.show_gang("1.0").ending->cause, EndCause::stopped);
  EXPECT_EQ(machine.show_gang("1.0").ending->exit_code, 3) << "it was killed";
}

TEST(Runs, AClosedTerminalEndsTheFollowingAndTheJobGoesOn) {
  const Machine machine;
  Beside run = machine.gang_beside(
      {"run", "--", "sh", "-c", "echo up; while ! [ -e go ]; do sleep 0.01; done; exit 3"});
  ASSERT_TRUE(becomes_true([&] { return run.out() == "up\n"; }));
  run.signal(SIGHUP);
  EXPECT_EQ(run.wait().code, 128 + SIGHUP);
  machine.write("go", "");
  EXPECT_EQ(machine.wait("1"), 3);
  const std::string help = machine.gang({"run", "--help"}).out;
  EXPECT_TRUE(says(help, "Ctrl-C and SIGTERM stop the job"));
  EXPECT_TRUE(says(help, "SIGHUP"));
}

TEST(Runs, CtrlCStopsAllJobsThatTheCommandHandedIn) {
  const Machine machine;
  machine.write("one.toml", "command = 'echo up; exec sleep 600'\n");
  machine.write("two.toml", "command = 'sleep 600'\n");
  Beside run = machine.gang_beside({"run", "one.toml", "two.toml"});
  ASSERT_TRUE(becomes_true([&] { return run.out() == "up\n"; }));
  run.signal(SIGINT);
  EXPECT_EQ(run.wait().code, 130);
  EXPECT_NE(machine.wait("2"), 0);
  EXPECT_EQ(machine.show_gang("2.0").ending->cause, EndCause::stopped);
}

// Runs a program under a seccomp filter that answers one system call with EPERM.
constexpr const char* forbid = R"(
import ctypes, os, struct, sys
number = int(sys.argv[1])
rules = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7fff0000)]
text = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *rule) for rule in rules))
class Filter(ctypes.Structure):
    _fields_ = [('size', ctypes.c_ushort), ('rules', ctypes.c_void_p)]
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Filter(len(rules), ctypes.cast(text, ctypes.c_void_p)))) == 0
os.execvp(sys.argv[2], sys.argv[2:])
)";

TEST(Runs, WhereTheSystemForbidsToBindTasksTheFencesSaySo) {
  Machine machine;
  machine.write("forbid.py", forbid);
  machine.begin_commands_with({"python3", "forbid.py", std::to_string(SYS_sched_setaffinity)});
  const Ran ran = machine.gang({"run", "--", "echo", "ran"});
  EXPECT_EQ(ran.out, "ran\n") << ran.err;
  EXPECT_TRUE(says(machine.gang({"show", "1.0"}).out,
                   "fence of cpus: does not hold (not bound; this system forbids it: Operation "
                   "not permitted)"));
}

TEST(Runs, AStopReachesChildrenGrandchildrenAndWhatWentIntoTheBackground) {
  const Machine machine;
  const std::string job = machine.submit({"--grace", "0.2s", "--", "sh", "-c", stubborn_family});
  ASSERT_TRUE(becomes_true([&] { return pids_in(machine, "pids").size() == family_size; }));
  EXPECT_EQ(machine.gang({"stop", job}).code, 0);
  EXPECT_NE(machine.wait(job), 0);
  EXPECT_EQ(machine.show_gang(job + ".0").ending->cause, EndCause::stopped);
  expect_all_gone(machine, family_size);
}

TEST(Runs, WhatATaskLeavesBehindIsGoneWhenItsGangHasEnded) {
  const Machine machine;
  const std::string script =
      "setsid sh -c 'echo $$ >> pids; exec sleep 600' & "
      "while ! [ -s pids ]; do sleep 0.01; done";
  const Ran ran = machine.gang({"run", "--", "sh", "-c", script});
  EXPECT_EQ(ran.code, 0) << ran.err;
  expect_all_gone(machine, 1);
}

TEST(Runs, AStopGivesTheProgramItsOwnSignalAndTimeToSaveItsWork) {
  const Machine machine;
  const std::string script =
      "trap 'echo saved > work; exit 0' USR1; echo up > up; while true; do sleep 0.01; done";
  const std::string job = machine.submit({"--stop-signal", "USR1", "--", "sh", "-c", script});
  ASSERT_TRUE(becomes_true([&] { return machine.read("up") == "up\n"; }));
  EXPECT_EQ(machine.gang({"stop", job}).code, 0);
  machine.wait(job);
  EXPECT_EQ(machine.read("work"), "saved\n");
  EXPECT_EQ(machine.show_gang(job + ".0").ending->cause, EndCause::stopped);
}

TEST(Runs, AJobThatWaitsIsStoppedWithoutEverRunning) {
  const Machine machine;
  const std::string first = machine.submit({"--", "sh", "-c", "touch up; exec sleep 600"});
  const std::string second = machine.submit({"--after", first, "--", "touch", "ran"});
  ASSERT_TRUE(becomes_true([&] { return machine.exists("up"); }));
  EXPECT_EQ(machine.gang({"stop", second}).code, 0);
  EXPECT_NE(machine.wait(second), 0);
  EXPECT_EQ(machine.show(second).summary.phase, GangPhase::ended);
  EXPECT_EQ(machine.gang({"stop", first, "--now"}).code, 0);
  machine.wait(first);
  EXPECT_FALSE(machine.exists("ran"));
}

TEST(Runs, LogsAreThereWhileItRunsAndFollowingEndsWithTheJob) {
  const Machine machine;
  const std::string job = machine.submit(
      {"--", "sh", "-c", "echo one; while ! [ -e go ]; do sleep 0.01; done; printf 'two\\nthree'"});
  ASSERT_TRUE(becomes_true([&] { return machine.gang({"logs", job}).out == "one\n"; }));
  Beside follow = machine.gang_beside({"logs", "-f", job});
  ASSERT_TRUE(becomes_true([&] { return follow.out() == "one\n"; }));
  machine.write("go", "");
  const Ran ran = follow.wait();
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "one\ntwo\nthree");
}

TEST(Runs, AMillionLinesArriveWholeAndInOrder) {
  const Machine machine;
  const Ran ran = machine.gang({"run", "--", "seq", "1000000"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out.size(), 6'888'896u);
  EXPECT_TRUE(ran.out.ends_with("\n999999\n1000000\n"));
}

TEST(Runs, TheOutputOfEachAttemptIsShown) {
  const Machine machine;
  const Ran ran = machine.gang({"run", "--retries", "2", "--retry-on", "failure", "--", "sh", "-c",
                                "echo attempt $GANG_ATTEMPT; sleep 0.2; [ $GANG_ATTEMPT = 3 ]"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "attempt 1\nattempt 2\nattempt 3\n");
}

}  // namespace
}  // namespace gangline
