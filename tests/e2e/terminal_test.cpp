// What a person at the terminal types and reads: words for jobs and gangs, mistakes, odd places.
#include "base/text.h"
#include "json/json.h"
#include "machine.h"

namespace gangline {
namespace {

TEST(Terminal, AGangIsNamedByItsJobsNameAndItsNumberInEachCommand) {
  const Machine machine;
  machine.submit({"--name", "many", "--sweep", "i=10..13", "--", "echo", "{i}"});
  EXPECT_EQ(machine.wait("many"), 0);
  EXPECT_EQ(machine.gang({"logs", "many.2"}).out, "12\n");
  EXPECT_TRUE(says(machine.gang({"show", "many.2"}).out, "gang 1.2 ended well"));
  EXPECT_EQ(machine.gang({"why", "many.2"}).out,
            "gang 1.2 waits for nothing, it has ended: ended well\n");
  EXPECT_EQ(machine.gang({"why", "many"}).out,
            "job 1 waits for nothing, it has ended: ended well\n");
  EXPECT_EQ(machine.gang({"wait", "many.3"}).out, "gang 1.3 (many) ended well\n");
  EXPECT_EQ(machine.gang({"stop", "many.3"}).out, "gang 1.3 (many) has ended\n");
  EXPECT_EQ(machine.gang({"show", "-q", "many.2"}).out, "ended\n");
  const Ran beyond = machine.gang({"logs", "many.9"});
  EXPECT_EQ(beyond.code, 1);
  EXPECT_EQ(beyond.err, "gang: there is no gang 1.9; `gang show 1` lists the gangs of the job\n");
  EXPECT_TRUE(says(machine.gang({"logs", "few.2"}).err, "there is no job named 'few.2'"));
}

TEST(Terminal, AGangThatWaitsIsSaidToWaitWhereOthersOfItsJobRun) {
  const Machine machine;
  machine.submit({"--name", "many", "--sweep", "i=1..2000", "--", "sh", "-c",
                  "echo up > seen.{job}.{gang}.1; exec sleep 60"});
  EXPECT_EQ(machine.seen("1", 0), "up");
  const std::string why = machine.gang({"why", "many.1999"}).out;
  EXPECT_EQ(why.find("gang 1.1999 is waiting: "), 0u) << why;
}

TEST(Terminal, AFlagThatIsSaidTwiceIsCalledSo) {
  const Machine machine;
  const Ran ran = machine.gang({"run", "--time", "1m", "--time", "2m", "--", "true"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err, "gang: --time: it is said more than once; say it once\n");
}

TEST(Terminal, AJobWhoseNameEndsLikeAGangsNumberIsMeantBeforeThatGang) {
  const Machine machine;
  machine.submit({"--name", "v1.3", "--", "echo", "of its own"});
  machine.submit({"--name", "v1", "--sweep", "i=0..4", "--", "echo", "{i}"});
  EXPECT_EQ(machine.wait("v1.3"), 0);
  EXPECT_EQ(machine.wait("v1"), 0);
  EXPECT_EQ(machine.gang({"logs", "v1.3"}).out, "of its own\n");
  EXPECT_EQ(machine.gang({"logs", "v1.3.0"}).out, "of its own\n");
  EXPECT_EQ(machine.gang({"logs", "v1.4"}).out, "4\n");
}

TEST(Terminal, AStopOfOneGangSpeaksOfThatGang) {
  const Machine machine;
  machine.submit({"--name", "many", "--sweep", "i=0..1", "--", "sleep", "600"});
  ASSERT_TRUE(becomes_true([&] { return machine.show("1").summary.running > 0; }));
  EXPECT_EQ(machine.gang({"stop", "--now", "many.0"}).out, "gang 1.0 (many) is being stopped\n");
  EXPECT_TRUE(says(machine.gang({"wait", "many.0"}).out, "gang 1.0 (many) stopped by"));
  const Ran waits = machine.gang({"wait", "--time", "10ms", "many.1"});
  EXPECT_EQ(waits.code, 1);
  EXPECT_EQ(waits.err, "gang: gang 1.1 (many) has not ended in that time\n");
  EXPECT_EQ(from_json<GangView>(machine.gang({"stop", "--json", "many.1"}).out)->id.index, 1u);
}

TEST(Terminal, RunAsJsonLeavesStandardOutputToJsonOneLineForEachJob) {
  const Machine machine;
  machine.write("bad.toml", "command = 'echo from bad; exit 3'\n");
  machine.write("good.toml", "command = 'echo from good'\n");
  const Ran ran = machine.gang({"run", "--json", "bad.toml", "good.toml"});
  EXPECT_EQ(ran.code, 3) << "the code of the first that did not end well";
  const auto lines = split(trim(ran.out), '\n');
  ASSERT_EQ(lines.size(), 2u) << ran.out;
  EXPECT_EQ(from_json<JobSummary>(lines[0])->name, "bad");
  EXPECT_EQ(from_json<JobSummary>(lines[1])->ended_well, 1u);
  EXPECT_TRUE(says(ran.err, "from bad\n"));
  EXPECT_TRUE(says(ran.err, "from good\n"));
  EXPECT_TRUE(says(machine.gang({"run", "--help"}).out, "output goes to standard error"));
}

TEST(Terminal, AFailedSweepNamesTheGangsThatFailedAndWhereTheirLogsAre) {
  const Machine machine;
  const Ran ran = machine.gang({"run", "--name", "try", "--sweep", "i=0..5", "--", "sh", "-c",
                                "echo value {i} is wrong >&2; exit $(({i} % 2))"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(says(ran.err, "gang: job 1 (try): 3 of 6 gangs ended badly\n"));
  EXPECT_TRUE(says(ran.err,
                   "gang: gang 1.1 (i=1) failed: rank 0 ended with code 1\n"
                   "    value 1 is wrong\n"
                   "gang: gang 1.3 (i=3) failed: rank 0 ended with code 1\n"));
  EXPECT_TRUE(says(ran.err, "`gang logs 1.1` shows what it wrote, with --stderr the other"));
}

TEST(Terminal, LogsOfAnEarlierAttemptAreShownWhereOneAsksForThem) {
  const Machine machine;
  const std::string job = machine.submit({"--retries", "1", "--retry-on", "failure", "--", "sh",
                                          "-c", "echo try $GANG_ATTEMPT; exit 1"});
  EXPECT_EQ(machine.wait(job), 1);
  EXPECT_EQ(machine.gang({"logs", job}).out, "try 2\n");
  EXPECT_EQ(machine.gang({"logs", job, "--attempt", "1"}).out, "try 1\n");
  const Ran beyond = machine.gang({"logs", job, "--attempt", "3"});
  EXPECT_EQ(beyond.code, 1);
  EXPECT_EQ(beyond.err, "gang: gang 1.0 has no attempt 3; its attempts are 1 to 2\n");
  EXPECT_EQ(machine.gang({"logs", "-f", job, "--attempt", "1"}).code, 2);
}

TEST(Terminal, AJobThatWasNotTriedAgainSaysWhatWouldHaveHadItTriedAgain) {
  const Machine machine;
  const std::string hint =
      "not tried again: retry_on is lost; --retry-on failure retries after such an end\n";
  EXPECT_TRUE(says(machine.gang({"run", "--retries", "2", "--", "false"}).err, "gang: " + hint));
  EXPECT_TRUE(says(machine.gang({"show", "1"}).out, "  " + hint));
  const Ran tried = machine.gang({"run", "--retries", "1", "--retry-on", "failure", "--", "false"});
  EXPECT_EQ(tried.err.find("not tried again"), std::string::npos);
}

TEST(Terminal, AListThatLeavesJobsOutSaysHowManyAndWhatShowsThem) {
  const Machine machine;
  for (int i = 0; i < 12; ++i) machine.submit({"--name", "same", "--", "true"});
  for (int i = 1; i <= 12; ++i) EXPECT_EQ(machine.wait(std::to_string(i)), 0);
  EXPECT_TRUE(machine.gang({"list"}).out.ends_with("\n2 more: `gang list --all` shows them\n"));
  EXPECT_TRUE(machine.gang({"list", "--all", "--limit", "5"})
                  .out.ends_with("\n7 more: a larger --limit shows them\n"));
  EXPECT_TRUE(says(machine.gang({"list", "--name", "same"}).out, "--all shows them"));
  EXPECT_EQ(machine.gang({"list", "--all"}).out.find("more"), std::string::npos);
  EXPECT_EQ(machine.gang({"list", "--state", "running"}).out, "no such jobs\n");
}

TEST(Terminal, AShowIsShortAndSaysWhereItEnds) {
  Machine machine;
  machine.submit({"--name", "many", "--sweep", "i=0..1", "--", "sh", "-c", "true {i}\ntrue"});
  EXPECT_EQ(machine.wait("many"), 0);
  EXPECT_TRUE(says(machine.gang({"show", "many"}).out, "command: sh -c 'true {i}\\ntrue'\n"));
  const Ran beyond = machine.gang({"show", "many", "--first", "7"});
  EXPECT_EQ(beyond.code, 1);
  EXPECT_EQ(beyond.err, "gang: --first: job 1 (many) has no gang 1.7; its gangs are 0 to 1\n");
  machine.set("PATH", "/usr/bin:/bin:/" + std::string(200, 'x'));
  EXPECT_EQ(machine.gang({"run", "--", "no-such-program"}).code, 1);
  const std::string shown = machine.gang({"show", "2"}).out;
  EXPECT_TRUE(says(shown, "PATH is "));
  EXPECT_EQ(shown.find(std::string(200, 'x')), std::string::npos);
  EXPECT_TRUE(says(machine.gang({"show", "--json", "2"}).out, std::string(200, 'x')));
}

TEST(Terminal, ADryRunShowsNothingOfTheEnvironmentItWouldInherit) {
  Machine machine;
  machine.set("API_TOKEN", "hunter2");
  const Ran ran = machine.gang({"run", "--dry-run", "--env", "SIZE=4", "--", "true"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out.find("hunter2"), std::string::npos);
  EXPECT_EQ(ran.out.find("API_TOKEN"), std::string::npos);
  EXPECT_TRUE(says(ran.out, "\"env\":[[\"SIZE\",\"4\"]]"));
  EXPECT_TRUE(says(ran.err, "variables of your environment"));
}

TEST(Terminal, AListShowsTheAlternativeThatARunningJobGot) {
  const Machine machine;
  const std::string job = machine.submit_file(
      "choosy.toml", "command = 'sleep 600'\nany_of = [{ gpus = 1 }, { cpus = 1 }]\n");
  ASSERT_TRUE(becomes_true([&] { return machine.show(job).summary.running == 1; }));
  EXPECT_TRUE(
      says(machine.gang({"show", job}).out, "asks for 1 gpu and 1 cpu, or 1 cpu; got 1 cpu"));
  const std::string list = machine.gang({"list"}).out;
  EXPECT_TRUE(says(list, "  1 cpu\n"));
  EXPECT_EQ(list.find("gpu"), std::string::npos);
  EXPECT_EQ(machine.gang({"stop", "--now", job}).code, 0);
  EXPECT_NE(machine.wait(job), 0);
  EXPECT_EQ(machine.show(job).summary.taken, "1 cpu");
}

TEST(Terminal, TasksReadNothingAlsoBehindAPipeAndTheHelpSaysSo) {
  const Machine machine;
  const std::string gang = BINARY_DIR "/gang";
  const Ran ran =
      machine.run({"sh", "-c", "echo typed | " + gang + " run -- sh -c 'cat; echo over'"});
  EXPECT_EQ(ran.out, "over\n");
  EXPECT_TRUE(says(machine.gang({"run", "--help"}).out, "/dev/null"));
}

TEST(Terminal, LogsOfAGangThatNeverRanSayWhyThereAreNone) {
  const Machine machine;
  const std::string first = machine.submit({"--", "sleep", "600"});
  const std::string later = machine.submit({"--after", first, "--", "true"});
  const Ran waits = machine.gang({"logs", later});
  EXPECT_EQ(waits.code, 0);
  EXPECT_EQ(waits.out, "");
  EXPECT_TRUE(says(waits.err, "gang 2.0 waits, so it has written nothing; `gang why 2.0`"));
  machine.gang({"stop", later});
  EXPECT_NE(machine.wait(later), 0);
  EXPECT_TRUE(says(machine.gang({"logs", later}).err, "gang 2.0 never ran: stopped by"));
}

TEST(Terminal, AWrongCommandLineSaysWhatToWriteInstead) {
  const Machine machine;
  const auto told = [&](std::vector<std::string> words) {
    const Ran ran = machine.gang(std::move(words));
    EXPECT_EQ(ran.code, 2) << ran.err;
    return ran.err;
  };
  EXPECT_TRUE(says(told({}), "say what to do: `gang run -- COMMAND` runs one"));
  EXPECT_TRUE(says(told({"show"}), "say which job: its number or its name"));
  EXPECT_TRUE(says(told({"wait"}), "say which job: its number or its name"));
  EXPECT_TRUE(says(told({"list", "--stat", "x"}), "no flag '--stat'; did you mean --state?"));
  EXPECT_TRUE(says(told({"--json", "list"}), "write it behind: `gang list --json`"));
  EXPECT_TRUE(says(told({"list", "seven"}), "there is no place for 'seven' here"));
  EXPECT_TRUE(says(told({"list", "--limit", "x"}), "--limit: 'x' is no whole number"));
  EXPECT_TRUE(says(told({"run", "--memory", "99999G", "--", "true"}), "97.7T of memory; a task"));
}

TEST(Terminal, TheMistakesOfAllFilesAreToldInTheirOrder) {
  const Machine machine;
  machine.write("one.toml", "comand = 'true'\ntasks = 0\n");
  machine.write("two.toml", "command = 'true'\ngpu = 1\nmodle = 'H100'\n");
  const Ran ran = machine.gang({"submit", "one.toml", "missing.toml", "two.toml"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err,
            "gang: one.toml:1:1: unknown key 'comand'; did you mean 'command'?\n"
            "gang: one.toml:2:9: tasks is 0; it goes from 1 to 65536\n"
            "gang: " +
                machine.path() +
                "/missing.toml: cannot open: No such file or directory\n"
                "gang: two.toml:2:1: unknown key 'gpu'; did you mean 'gpus'?\n"
                "gang: two.toml:3:1: unknown key 'modle'; did you mean 'model'?\n");
}

TEST(Terminal, AStateThatCannotBeMadeSaysHowToMoveIt) {
  Machine machine;
  machine.set("GANGLINE_STATE", "relative");
  EXPECT_TRUE(says(machine.gang({"list"}).err, "no absolute path; it begins with /"));
  machine.set("GANGLINE_STATE", "/proc/nowhere");
  const Ran ran = machine.gang({"list"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(says(ran.err, "/proc/nowhere: cannot make directory"));
  EXPECT_TRUE(says(ran.err, "GANGLINE_STATE=/another/place moves them"));
}

TEST(Terminal, AStatePathWithSpacesOrTooLongForASocketWorks) {
  const Machine around;
  for (const std::string& part : {std::string("with some space"), std::string(150, 'x')}) {
    const std::string state = around.path() + "/" + part;
    ASSERT_EQ(around.run({"mkdir", "-m", "700", state}).code, 0);
    const Machine machine(state);
    EXPECT_EQ(machine.gang({"run", "--", "echo", "fine"}).out, "fine\n") << part;
  }
}

}  // namespace
}  // namespace gangline
