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

}  // namespace
}  // namespace gangline
