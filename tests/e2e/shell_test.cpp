// `gang shell` at a real terminal.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>

#include "at_terminal.h"
#include "machine.h"

namespace gangline {
namespace {

class Shells : public testing::Test {
 protected:
  Shells() {
    machine_.set("SHELL", "/bin/sh");
    machine_.set("PS1", "ready> ");
    machine_.set("TERM", "xterm");
  }
  Machine machine_;
};

TEST_F(Shells, HaveTheirDevicePassOnAllAndGiveItBackAtExit) {
  machine_.give_gpus(Machine::profile_of("eight_gpus.txt"), 16);
  AtTerminal person(machine_, {"shell", "--gpus", "1", "--time", "1h"});
  const termios before = person.mode();
  ASSERT_TRUE(person.shows("gang: job 1 (shell) has 1 gpu"));
  ASSERT_TRUE(person.shows("ready> "));
  person.type("stty size; echo device-$CUDA_VISIBLE_DEVICES; test -t 0 && echo at a terminal\n");
  EXPECT_TRUE(person.shows("30 100"));
  EXPECT_TRUE(person.shows("device-GPU-"));
  EXPECT_TRUE(person.shows("at a terminal"));
  person.resize(132, 40);
  ASSERT_TRUE(becomes_true([&] {
    person.type("stty size\n");
    return bool{person.shows("\n")} && person.shown().find("40 132") != std::string::npos;
  }));
  person.type("sh -c 'echo wait$((1+1)); exec sleep 600'\n");
  ASSERT_TRUE(person.shows("wait2"));
  person.type("\x03");  // Ctrl-C is for the program
  ASSERT_TRUE(person.shows("^C"));
  ASSERT_TRUE(person.shows("ready> "));
  person.type("exit 7\n");
  EXPECT_EQ(person.end(), 7);
  const JobSummary job = machine_.show("1").summary;
  EXPECT_EQ(job.phase, GangPhase::ended) << "the device is free when the command ends";
  const termios after = person.mode();
  EXPECT_EQ(after.c_lflag, before.c_lflag);
  EXPECT_EQ(after.c_iflag, before.c_iflag);
  EXPECT_EQ(after.c_oflag, before.c_oflag);
}

TEST_F(Shells, AProgramMayTakeTheShellsPlace) {
  AtTerminal person(machine_,
                    {"shell", "-q", "--", "sh", "-c", "read line; echo got $line; exit 3"});
  person.type("hello\n");
  EXPECT_TRUE(person.shows("got hello"));
  EXPECT_EQ(person.end(), 3);
  EXPECT_TRUE(says(machine_.gang({"shell", "--idle", "soon"}).err,
                   "--idle: the time that it may be idle is 1s or more, like 30m"));
  AtTerminal none(machine_, {"shell", "-q", "--", "/no/such/program"});
  EXPECT_EQ(none.end(), 127);
  EXPECT_TRUE(says(none.shown(), "cannot start /no/such/program"));
}

TEST_F(Shells, EndWhenNothingMoreWillBeTyped) {
  machine_.set("SHELL", "/bin/bash");  // which takes its terminal in hand before each prompt
  for (const char* from : {"printf 'echo got-$((1+1))\\n' |", "</dev/null"}) {
    const Ran ran =
        machine_.run({"sh", "-c", std::string(from) + " " + Machine::program() + " shell -q"});
    EXPECT_EQ(ran.code, 0) << from << ran.out << ran.err;
    EXPECT_EQ(says(ran.out, "got-2"), *from == 'p') << ran.out;
  }
}

TEST_F(Shells, AllThatIsShownArrivesAlsoTheLastOfMuch) {
  AtTerminal person(machine_, {"shell", "-q", "--", "sh", "-c",
                               "head -c 3000000 /dev/zero | tr '\\0' x; exit 5"});
  EXPECT_EQ(person.end(), 5);
  EXPECT_EQ(std::count(person.shown().begin(), person.shown().end(), 'x'), 3'000'000);
}

TEST_F(Shells, WhoWaitsIsToldWhyAndGivesThePlaceBackWithCtrlC) {
  machine_.give_gpus(Machine::profile_of("eight_gpus.txt"), 16);
  machine_.submit({"--gpus", "8", "--", "sleep", "600"});
  AtTerminal person(machine_, {"shell", "--gpus", "1"});
  ASSERT_TRUE(person.shows("gang: job 2 (shell) waits: 1 gpu wanted, 0 free; job 1 holds 8"));
  ASSERT_TRUE(person.shows("Ctrl-C gives its place back"));
  person.type("\x03");
  ASSERT_TRUE(person.shows("gang: job 2 (shell) waits no longer"));
  EXPECT_EQ(person.end(), 130);
  EXPECT_EQ(machine_.show("2").summary.phase, GangPhase::ended);
}

TEST_F(Shells, WhoIsIdleIsToldAndThenTheShellEnds) {
  AtTerminal person(machine_, {"shell", "--idle", "3s"});
  ASSERT_TRUE(person.shows("ready> "));
  // A program that works is not idle, though it shows nothing.
  person.type(
      "end=$(($(date +%s) + 5)); while [ $(date +%s) -lt $end ]; do :; done; echo worked\n");
  ASSERT_TRUE(person.shows("worked\r\n"));
  EXPECT_EQ(person.shown().find("nothing has happened"), std::string::npos) << person.shown();
  ASSERT_TRUE(person.shows("gang: nothing has happened here for "));
  ASSERT_TRUE(person.shows("gang: nothing has happened here for 3s: the shell ends"));
  EXPECT_EQ(person.end(), 0);
  EXPECT_EQ(machine_.show("1").summary.ended_well, 1u);
}

TEST_F(Shells, AtTheEndOfItsTimeItIsToldAndThenEnds) {
  AtTerminal person(machine_, {"shell", "--time", "4s"});
  ASSERT_TRUE(person.shows("ready> "));
  ASSERT_TRUE(person.shows("gang: the time of this shell is up in 0."));
  ASSERT_TRUE(person.shows("gang: job 1 (shell) time-limit: its time of 4s was up"));
  EXPECT_NE(person.end(), 0);
}

TEST_F(Shells, WhoLostTheConnectionMayComeBackAndNobodyElseMayComeMeanwhile) {
  AtTerminal person(machine_, {"shell"});
  ASSERT_TRUE(person.shows("ready> "));
  person.type("kept=something; echo $kept\n");
  ASSERT_TRUE(person.shows("\r\nsomething"));
  EXPECT_TRUE(says(machine_.gang({"shell", "--attach", "1"}).err,
                   "somebody is connected to this shell already"));
  person.signal(SIGKILL);
  person.end();
  AtTerminal again(machine_, {"shell", "--attach", "shell"});
  again.type("echo I have $kept; exit\n");
  ASSERT_TRUE(again.shows("I have something"));
  EXPECT_EQ(again.end(), 0);
}

TEST_F(Shells, AloneForTooLongAShellEndsAndSoDoItsPrograms) {
  const std::string job = machine_.submit({"--", Machine::program(), "internal-shell", "{output}",
                                           "0", "2000000", "sh", "-c", "echo $$ > pid; sleep 600"});
  ASSERT_TRUE(becomes_true([&] { return machine_.show(job).summary.running == 1; }));
  const std::string path = machine_.show_gang(job + ".0").output;
  {
    AtTerminal person(machine_, {"shell", "--attach", job});
    ASSERT_TRUE(becomes_true([&] { return machine_.exists("pid"); }));
    struct stat socket {};
    ASSERT_EQ(::stat(path.c_str(), &socket), 0);
    EXPECT_EQ(socket.st_mode & 0777u, 0600u);
  }  // the window is closed
  EXPECT_EQ(machine_.wait(job), 129);
  EXPECT_FALSE(is_alive(std::stoi(machine_.read("pid"))));
  struct stat socket {};
  EXPECT_NE(::stat(path.c_str(), &socket), 0) << "nothing is left at " << path;
}

TEST_F(Shells, AStopEndsItAndSaysSo) {
  AtTerminal person(machine_, {"shell"});
  ASSERT_TRUE(person.shows("ready> "));
  machine_.gang({"stop", "1"});
  ASSERT_TRUE(person.shows("gang: job 1 (shell) stopped by"));
  EXPECT_NE(person.end(), 0);
}

TEST_F(Shells, NobodyWaitsForAJobThatIsNoShell) {
  ASSERT_EQ(machine_.gang({"submit", "--", "sleep", "1000"}).code, 0);
  ASSERT_TRUE(becomes_true([&] { return says(machine_.gang({"list"}).out, "running"); }));
  const Ran ran = machine_.gang({"shell", "--attach", "1"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(says(ran.err, "is no shell of yours"));
  machine_.gang({"stop", "--now", "1"});
  machine_.wait("1");
  EXPECT_TRUE(says(machine_.gang({"shell", "--attach", "1"}).err, "is no shell of yours"))
      << "also when it has ended";
}

TEST_F(Shells, AreShownAsThatAndCannotBeComeBackToWhenTheyHaveEnded) {
  AtTerminal person(machine_, {"shell", "--idle", "30m"});
  ASSERT_TRUE(person.shows("ready> "));
  EXPECT_TRUE(
      says(machine_.gang({"show", "1"}).out,
           "\n  command: an interactive shell (/bin/sh), which ends when idle for 30m00s\n"));
  person.type("exit\n");
  EXPECT_EQ(person.end(), 0);
  const Ran ran = machine_.gang({"shell", "--attach", "1"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err,
            "gang: job 1 (shell) has ended, so nobody can come back to it; `gang show 1` "
            "says how; `gang shell` begins another\n");
}

}  // namespace
}  // namespace gangline
