// What a person at the terminal types and reads: words for jobs and gangs, mistakes, odd places.
#include "machine.h"

namespace gangline {
namespace {

TEST(Terminal, AGangIsNamedByItsJobsNameAndItsNumberInEachCommand) {
  const Machine machine;
  machine.submit({"--name", "many", "--sweep", "i=10..13", "--", "echo", "{i}"});
  EXPECT_EQ(machine.wait("many"), 0);
  EXPECT_EQ(machine.gang({"logs", "many.2"}).out, "12\n");
  EXPECT_TRUE(says(machine.gang({"show", "many.2"}).out, "gang 1.2 ended well"));
  EXPECT_EQ(machine.gang({"why", "many.2"}).out, "gang 1.2 is ended: ended well\n");
  EXPECT_EQ(machine.gang({"wait", "many.3"}).code, 0);
  EXPECT_EQ(machine.gang({"stop", "many.3"}).out, "job 1 (many) has ended\n");
  const Ran beyond = machine.gang({"logs", "many.9"});
  EXPECT_EQ(beyond.code, 1);
  EXPECT_EQ(beyond.err, "gang: there is no gang 1.9; `gang show 1` lists the gangs of the job\n");
  EXPECT_TRUE(says(machine.gang({"logs", "few.2"}).err, "there is no job named 'few.2'"));
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
