// What a job file can ask for, from the file to what the programs got and gave.
#include <algorithm>
#include <set>
#include <thread>

#include "base/text.h"
#include "machine.h"

namespace gangline {
namespace {

std::vector<std::string> sorted(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

TEST(Jobs, WhatAStopDidIsSaidAsItWas) {
  Machine machine;
  machine.submit({"--", "sleep", "600"});
  ASSERT_TRUE(becomes_true([&] { return machine.show("1").summary.running == 1; }));
  machine.submit(
      {"--name", "later", "--sweep", "n=1,2", "--cpus", "1", "--after", "1", "--", "true"});
  EXPECT_EQ(machine.gang({"stop", "2.1"}).out, "gang 2.1 (later) was stopped before it started\n");
  EXPECT_EQ(machine.gang({"stop", "later"}).out, "job 2 (later) was stopped before it started\n");
  EXPECT_EQ(machine.gang({"stop", "2"}).out, "job 2 (later) has ended\n");
  EXPECT_EQ(machine.gang({"stop", "1"}).out, "job 1 (sleep) is being stopped\n");
}

TEST(Jobs, ASweepRunsEachCombinationOnceWithItsValues) {
  const Machine machine;
  const std::string job = machine.submit_file("sweep.toml",
                                              "command = 'echo {lr} {seed} $GANG_SWEEP_LR >> all'\n"
                                              "[sweep]\nlr = [0.1, 0.01]\nseed = '1..3'\n");
  EXPECT_EQ(machine.wait(job), 0);
  EXPECT_EQ(sorted(machine.lines("all")),
            (std::vector<std::string>{"0.01 1 0.01", "0.01 2 0.01", "0.01 3 0.01", "0.1 1 0.1",
                                      "0.1 2 0.1", "0.1 3 0.1"}));
  const JobDetail detail = machine.show(job);
  EXPECT_EQ(detail.summary.ended_well, 6u);
  EXPECT_EQ(detail.gangs.at(4).values, (std::vector<EnvVar>{{"lr", "0.01"}, {"seed", "2"}}));
}

TEST(Jobs, AGatherRunsOnceAfterAllGangsAndReadsTheirOutputsInOrder) {
  const Machine machine;
  const std::string job =
      machine.submit_file("gather.toml",
                          "command = 'echo gang {gang} of {gangs}: {i} > {output}'\n"
                          "[sweep]\ni = '1..12'\n[gather]\ncommand = 'cat {outputs} >> all'\n");
  EXPECT_EQ(machine.wait(job), 0);
  const auto lines = machine.lines("all");
  ASSERT_EQ(lines.size(), 12u);
  for (std::size_t i = 0; i < lines.size(); ++i)
    EXPECT_EQ(lines[i], "gang " + std::to_string(i) + " of 12: " + std::to_string(i + 1));
  EXPECT_TRUE(machine.show_gang(job + ".12").gather);
}

TEST(Jobs, AGatherDoesNotRunWhereAGangFailed) {
  const Machine machine;
  const std::string job = machine.submit_file(
      "gather.toml",
      "command = 'exit {i}'\n[sweep]\ni = '0..1'\n[gather]\ncommand = 'touch ran'\n");
  EXPECT_EQ(machine.wait(job), 1);
  EXPECT_EQ(machine.show_gang(job + ".2").ending->cause, EndCause::dependency);
  EXPECT_EQ(machine.show(job).summary.ended_badly, 1u);
  EXPECT_EQ(machine.show(job).summary.never_ran, 1u);
  EXPECT_TRUE(says(machine.gang({"list"}).out, "3: 1 well, 1 badly, 1 never ran"));
  EXPECT_FALSE(machine.exists("ran"));
}

TEST(Jobs, AJobAfterAnotherStartsWhenThatEndedWell) {
  const Machine machine;
  const std::string first =
      machine.submit({"--name", "prepare", "--", "sh", "-c",
                      "while ! [ -e go ]; do sleep 0.01; done; echo 1 >> all"});
  const std::string second =
      machine.submit({"--after", "prepare", "--", "sh", "-c", "echo 2 >> all"});
  EXPECT_TRUE(says(machine.gang({"why", second}).out, "after job " + first));
  machine.write("go", "");
  EXPECT_EQ(machine.wait(second), 0);
  EXPECT_EQ(machine.lines("all"), (std::vector<std::string>{"1", "2"}));
}

TEST(Jobs, AJobAfterOneThatFailsNeverRunsAndSaysWhy) {
  const Machine machine;
  const std::string first =
      machine.submit({"--", "sh", "-c", "while ! [ -e go ]; do sleep 0.01; done; exit 3"});
  const std::string second = machine.submit({"--after", first, "--", "touch", "ran"});
  machine.write("go", "");
  EXPECT_NE(machine.wait(second), 0);
  const JobSummary line = machine.show(second).summary;
  EXPECT_EQ(line.ending->cause, EndCause::dependency);
  EXPECT_TRUE(says(line.ending->detail, "did not end well"));
  EXPECT_FALSE(machine.exists("ran"));
}

TEST(Jobs, AProgramThatFailsIsTriedAgainAsOftenAsRetriesSayWhereRetryOnSaysSo) {
  const Machine machine;
  const std::string again = machine.submit({"--retries", "2", "--retry-on", "failure", "--", "sh",
                                            "-c", "echo $GANG_ATTEMPT >> again; exit 4"});
  EXPECT_EQ(machine.wait(again), 4);
  EXPECT_EQ(machine.lines("again"), (std::vector<std::string>{"1", "2", "3"}));
  const std::string once =
      machine.submit({"--retries", "2", "--", "sh", "-c", "echo $GANG_ATTEMPT >> once; exit 4"});
  EXPECT_EQ(machine.wait(once), 4);
  EXPECT_EQ(machine.lines("once"), std::vector<std::string>{"1"});
}

TEST(Jobs, ASplitOfFilesRunsOncePerFile) {
  const Machine machine;
  for (const char* name : {"a b.txt", "c.txt", "d.txt"})
    machine.write(std::string("in/") + name, name);
  const std::string job = machine.submit_file(
      "split.toml", "command = 'echo $(cat \"{shard}\") >> all'\n[split]\nfiles = 'in/*.txt'\n");
  EXPECT_EQ(machine.wait(job), 0);
  EXPECT_EQ(sorted(machine.lines("all")), (std::vector<std::string>{"a b.txt", "c.txt", "d.txt"}));
}

TEST(Jobs, ASplitOfLinesGivesEachGangAFileWithItsLines) {
  const Machine machine;
  std::string text;
  for (int i = 1; i <= 10; ++i) text += "line " + std::to_string(i) + "\n";
  machine.write("urls.txt", text);
  const std::string job = machine.submit_file(
      "split.toml",
      "command = 'wc -l < {shard} > {output}; cat {shard} >> all'\n[split]\nlines = 'urls.txt'\n"
      "per = 4\n[gather]\ncommand = 'cat {outputs} > counts'\n");
  EXPECT_EQ(machine.wait(job), 0);
  EXPECT_EQ(machine.lines("counts"), (std::vector<std::string>{"4", "4", "2"}));
  EXPECT_TRUE(says(machine.gang({"show", job}).out, "shard=piece 2 of 3 of the lines of"));
  EXPECT_EQ(sorted(machine.lines("all")), sorted([&] {
              std::vector<std::string> lines;
              for (const auto line : split(trim(text), '\n')) lines.emplace_back(line);
              return lines;
            }()));
}

TEST(Jobs, ASplitOfJsonGivesEachGangItsItem) {
  const Machine machine;
  machine.write("items.json", R"([{"n": 1}, "two words", 3])");
  const std::string job = machine.submit_file(
      "split.toml",
      "command = ['sh', '-c', 'echo \"$GANG_SHARD\" >> all']\n[split]\njson = 'items.json'\n");
  EXPECT_EQ(machine.wait(job), 0);
  const auto lines = machine.lines("all");
  EXPECT_EQ(lines.size(), 3u);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "3"), 1);
}

TEST(Jobs, ATimeLimitEndsTheGangAndIsSaid) {
  const Machine machine;
  const Ran ran = machine.gang({"run", "--time", "0.3s", "--", "sleep", "600"});
  EXPECT_NE(ran.code, 0);
  EXPECT_TRUE(says(ran.err, "time"));
  EXPECT_EQ(machine.show_gang("1.0").ending->cause, EndCause::time_limit);
}

TEST(Jobs, ALogPastItsLimitIsCutAlsoWhereTheGangWasOverInAMoment) {
  const Machine machine;
  const Ran ran = machine.gang({"run", "-q", "--log-limit", "1M", "--", "seq", "1000000"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_LT(machine.gang({"logs", "1"}).out.size(), 2u << 20);
  EXPECT_EQ(machine.show_gang("1.0").notes.size(), 1u);
}

TEST(Jobs, ALogPastItsLimitKeepsItsBeginningAndItsEndAndTheNoteSaysSo) {
  const Machine machine;
  const std::string job = machine.submit(
      {"--log-limit", "1M", "--", "sh", "-c",
       "echo first; seq 1000000; while ! [ -e go ]; do sleep 0.01; done; echo last"});
  GangView view;
  EXPECT_TRUE(becomes_true([&] { return !(view = machine.show_gang(job + ".0")).notes.empty(); }));
  machine.write("go", "");
  EXPECT_EQ(machine.wait(job), 0);
  const Ran logs = machine.gang({"logs", job});
  EXPECT_TRUE(logs.out.starts_with("first\n1\n2\n"));
  EXPECT_TRUE(logs.out.ends_with("999999\n1000000\nlast\n"));
  EXPECT_LT(logs.out.size(), 2u << 20);
  EXPECT_TRUE(says(logs.out, "bytes were dropped here"));
  view = machine.show_gang(job + ".0");
  ASSERT_EQ(view.notes.size(), 1u);
  EXPECT_TRUE(says(view.notes[0], "stdout of rank 0 passed its limit of 1M"));
}

TEST(Jobs, OutOfMemoryIsToldAsSuchWhereTheLimitIsHeld) {
  const Machine machine;
  const std::string job = machine.submit(
      {"--memory", "64M", "--", "python3", "-c", "x = bytearray(512 << 20); print(len(x))"});
  const int code = machine.wait(job);
  const GangView view = machine.show_gang(job + ".0");
  const bool held = std::any_of(view.fences.begin(), view.fences.end(), [](const Fence& fence) {
    return fence.name == "memory" && fence.holds;
  });
  if (!held) {
    EXPECT_EQ(code, 0);
    GTEST_SKIP() << "no control group for memory may be made here";
  }
  EXPECT_NE(code, 0);
  EXPECT_EQ(view.ending->cause, EndCause::out_of_memory);
}

TEST(Jobs, AScriptThatIsLongerThanAnyWordMayBeRunsAllTheSame) {
  const Machine machine;
  const std::string comment = ": " + std::string(200'000, 'x') + "\n";
  const std::string job =
      machine.submit_file("long.toml", "tasks = 2\ncommand = '''\necho begin {rank}\n" + comment +
                                           "echo end $GANG_JOB >> ends.{rank}\n"
                                           // The first that fails ends the other.
                                           "until [ -s ends.0 ] && [ -s ends.1 ]; do sleep 0.01; "
                                           "done\nexit 5\n'''\n");
  EXPECT_EQ(machine.wait(job), 5);
  EXPECT_EQ(machine.gang({"logs", job}).out, "[0] begin 0\n[1] begin 1\n");
  for (const char* file : {"ends.0", "ends.1"})
    EXPECT_EQ(machine.lines(file), std::vector<std::string>{"end " + job});
}

TEST(Jobs, AWordThatLinuxDoesNotTakeIsRefusedAndNothingIsSubmitted) {
  const Machine machine;
  const std::string large(200'000, 'x');
  machine.write("word.toml", "command = ['echo', '" + large + "']\n");
  machine.write("variable.toml", "command = 'true'\nenv = { LARGE = '" + large + "' }\n");
  for (const char* file : {"word.toml", "variable.toml"}) {
    const Ran ran = machine.gang({"submit", file});
    EXPECT_EQ(ran.code, 2);
    EXPECT_TRUE(says(ran.err, "131071"));
    EXPECT_TRUE(says(ran.err, "hand it over in a file"));
  }
  EXPECT_TRUE(machine.list().empty());
}

TEST(Jobs, AWordThatOnlyItsValuesMakeTooLongIsToldWithTheLimit) {
  const Machine machine;
  const std::string job =
      machine.submit_file("grows.toml", "command = ['echo', '{a}{a}']\n[sweep]\na = ['" +
                                            std::string(100'000, 'x') + "']\n");
  EXPECT_NE(machine.wait(job), 0);
  const GangView gang = machine.show_gang(job + ".0");
  EXPECT_EQ(gang.ending->cause, EndCause::not_started);
  EXPECT_TRUE(says(gang.ending->detail,
                   "a word of its command has 200000 bytes, and Linux takes at most 131071"));
}

TEST(Jobs, AWrongJobFileIsToldWithItsPlaceAndNothingIsSubmitted) {
  const Machine machine;
  machine.write("good.toml", "command = 'touch ran'\n");
  machine.write("bad.toml", "command = 'true'\ntaks = 2\n");
  const Ran ran = machine.gang({"submit", "good.toml", "bad.toml"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(says(ran.err, "bad.toml:2:1"));
  EXPECT_TRUE(says(ran.err, "tasks"));
  EXPECT_TRUE(machine.list().empty());
}

TEST(Jobs, AWrongCommandLineIsToldWithWhatIsNearAndEndsWithTwo) {
  const Machine machine;
  const struct {
    std::vector<std::string> words;
    const char* said;
  } cases[] = {
      {{"rnu", "--", "true"}, "did you mean `gang run`"},
      {{"run", "--tsaks", "2", "--", "true"}, "--tsaks"},
      {{"run", "--time", "soon", "--", "true"}, "soon"},
      {{"run", "--gpus", "-1", "--", "true"}, "gpus"},
      {{"run"}, "command"},
      {{"list", "--state", "asleep"}, "asleep"},
      {{"submit", "no-such-file.toml"}, "no-such-file.toml"},
      {{"submit", "--queue", "no-such", "--", "true"}, "there is no queue 'no-such'"},
  };
  for (const auto& each : cases) {
    const Ran ran = machine.gang(each.words);
    EXPECT_EQ(ran.code, each.words.back() == "true" && each.words[1] == "--queue" ? 1 : 2)
        << each.said;
    EXPECT_TRUE(says(ran.err, each.said));
    EXPECT_EQ(ran.out, "");
  }
  EXPECT_TRUE(machine.list().empty());
}

TEST(Jobs, EachCommandHasHelpWithAnExample) {
  const Machine machine;
  for (const char* command :
       {"run", "submit", "list", "show", "why", "logs", "wait", "stop", "nodes", "daemon"}) {
    const Ran ran = machine.gang({command, "--help"});
    EXPECT_EQ(ran.code, 0);
    EXPECT_TRUE(says(ran.out, std::string("  gang ") + command));
  }
  EXPECT_EQ(machine.service(), 0);
}

// Gangs so short that they take turns on one allocation still have it alone.
TEST(Jobs, ShortGangsOfASweepNeverShareWhatEachOfThemAskedFor) {
  const Machine machine;
  const std::string all = std::to_string(std::thread::hardware_concurrency());
  constexpr const char* alone_or_not =
      "if mkdir lock; then sleep 0.02; rmdir lock; echo alone >> seen; "
      "else echo together >> seen; fi";
  const Ran ran = machine.gang(
      {"run", "-q", "--cpus", all, "--sweep", "i=1..60", "--", "sh", "-c", alone_or_not});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(machine.lines("seen"), std::vector<std::string>(60, "alone"));
}

// Jobs that make room for others, under a policy that stops some.
TEST(Jobs, AnUrgentJobTakesThePlaceOfALessUrgentOneWhichRunsAgain) {
  const Machine machine;
  machine.write("config.toml", "policy = 'urgent'\n");
  machine.write("low.sh",
                "trap 'echo left >> seen; exit 0' TERM\n"
                "echo low >> seen\n"
                "while [ ! -e go ]; do sleep 0.02; done\n");
  const std::string all = std::to_string(std::thread::hardware_concurrency());
  const std::string low = machine.submit({"--cpus", all, "--", "sh", "low.sh"});
  EXPECT_TRUE(becomes_true([&] { return machine.exists("seen"); }));
  const std::string high =
      machine.submit({"--priority", "5", "--cpus", all, "--", "sh", "-c",
                      "echo high >> seen; while [ ! -e on ]; do sleep 0.02; done; touch go"});
  EXPECT_TRUE(becomes_true([&] { return machine.lines("seen").size() == 3; }));
  EXPECT_EQ(machine.show(low).summary.phase, GangPhase::waiting);
  machine.write("on", "");
  EXPECT_EQ(machine.wait(high), 0);
  EXPECT_EQ(machine.wait(low), 0);
  EXPECT_EQ(machine.lines("seen"), (std::vector<std::string>{"low", "left", "high", "low"}));
  const GangView gang = machine.show_gang(low + ".0");
  EXPECT_EQ(gang.attempt, 2u);
  EXPECT_TRUE(says(machine.gang({"show", low}).out, "it made room for job"));
}

TEST(Jobs, WhoWasAskedToMakeRoomLeavesThoughTheServiceIsKilled) {
  const Machine machine;
  machine.write("config.toml", "policy = 'urgent'\n");
  machine.write("low.sh",
                "trap 'touch asked' TERM\n"
                "echo low >> seen\n"
                "[ -e high ] && exit 0\n"
                "while [ ! -e asked ] || [ ! -e leave ]; do sleep 0.02; done\n");
  const std::string all = std::to_string(std::thread::hardware_concurrency());
  const std::string low = machine.submit({"--cpus", all, "--grace", "20s", "--", "sh", "low.sh"});
  EXPECT_TRUE(becomes_true([&] { return machine.exists("seen"); }));
  const std::string high =
      machine.submit({"--priority", "5", "--cpus", all, "--", "touch", "high"});
  EXPECT_TRUE(becomes_true([&] { return machine.exists("asked"); }));
  EXPECT_TRUE(says(machine.gang({"why", high}).out, "was asked to make room for it"));
  ::kill(machine.service(), SIGKILL);
  machine.write("leave", "");
  EXPECT_EQ(machine.wait(high), 0);
  EXPECT_EQ(machine.wait(low), 0);
  EXPECT_EQ(machine.lines("seen"), (std::vector<std::string>{"low", "low"}));
  EXPECT_EQ(machine.show_gang(low + ".0").attempt, 2u);
}

TEST(Jobs, APolicyThatKnowsHowLongJobsWillRunIsForSimulationsAlone) {
  const Machine machine;
  machine.write("config.toml", "policy = 'remaining'\n");
  const Ran ran = machine.gang({"run", "--", "true"});
  EXPECT_NE(ran.code, 0);
  EXPECT_TRUE(says(ran.err, "which nobody knows beforehand"));
}

TEST(Jobs, AValueIsNeverReadAsCodeByAShellThatTheCommandLineNames) {
  const Machine machine;
  const Ran ran = machine.gang(
      {"run", "-q", "--sweep", "w=$(echo ran),a  b", "--", "sh", "-c", "echo [{w}] >> seen"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(sorted(machine.lines("seen")), (std::vector<std::string>{"[$(echo ran)]", "[a  b]"}));
}

}  // namespace
}  // namespace gangline
