#include "cli/completion/complete.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gangline {
namespace {

JobSummary job_called(std::uint64_t number, const std::string& name, GangPhase phase) {
  JobSummary job;
  job.id = JobId{number};
  job.name = name;
  job.phase = phase;
  return job;
}

const std::vector<JobSummary> three_jobs = {job_called(3, "train", GangPhase::waiting),
                                            job_called(2, "train", GangPhase::running),
                                            job_called(1, "prepare", GangPhase::ended)};

Completion completion_of(const std::vector<std::string>& words) {
  return complete(command_table("1.0"), words, [] { return three_jobs; });
}

std::vector<std::string> words_of(const std::vector<std::string>& words) {
  std::vector<std::string> found;
  for (const Candidate& candidate : completion_of(words).candidates)
    found.push_back(candidate.word);
  return found;
}

using Words = std::vector<std::string>;

TEST(Complete, TheFirstWordIsACommand) {
  EXPECT_EQ(words_of({"si"}), Words{"simulate"});
  EXPECT_EQ(words_of({"s"}), (Words{"serve", "shell", "show", "simulate", "stop", "submit"}));
  EXPECT_EQ(words_of({"--v"}), Words{"--version"});
}

TEST(Complete, AfterACommandThatThereIsNotNothingIsOffered) {
  EXPECT_TRUE(words_of({"nosuch", ""}).empty());
  EXPECT_TRUE(words_of({"nosuch", "--"}).empty());
}

TEST(Complete, FlagsAreThoseOfTheCommandAndOnceOnly) {
  EXPECT_EQ(words_of({"stop", "--n"}), Words{"--now"});
  EXPECT_TRUE(words_of({"stop", "--now", "--n"}).empty());
  EXPECT_EQ(words_of({"run", "--sweep", "a=1,2", "--sw"}), Words{"--sweep"});
}

TEST(Complete, AFlagWithAValueIsFollowedByIt) {
  EXPECT_EQ(words_of({"list", "--state", "r"}), Words{"running"});
  EXPECT_EQ(words_of({"list", "--state=r"}), Words{"--state=running"});
  EXPECT_EQ(words_of({"run", "--launcher", ""}), (Words{"plain", "mpi"}));
  EXPECT_EQ(completion_of({"run", "--dir", ""}).adds, ShellAdds::folders);
  EXPECT_EQ(completion_of({"simulate", "--cluster", ""}).adds, ShellAdds::files);
  EXPECT_EQ(completion_of({"run", "--cpus", ""}).adds, ShellAdds::nothing);
}

TEST(Complete, AValueThatMayLackStandsBehindAnEqualsSignAlone) {
  EXPECT_EQ(words_of({"simulate", "--backtest=fi"}).front(), "--backtest=fifo");
  EXPECT_EQ(completion_of({"simulate", "--backtest", ""}).adds, ShellAdds::files);
}

TEST(Complete, OfAListTheLastIsCompletedAndNoneIsOfferedTwice) {
  EXPECT_EQ(words_of({"simulate", "--policy", "fair,gan"}), Words{"fair,gang"});
  const Words policies = words_of({"simulate", "--policy", "fifo,fi"});
  EXPECT_EQ(std::count(policies.begin(), policies.end(), "fifo,fifo"), 0);
  EXPECT_EQ(std::count(policies.begin(), policies.end(), "fifo,first_fit"), 1);
}

TEST(Complete, AJobIsItsNumberOrItsName) {
  EXPECT_EQ(words_of({"show", ""}), (Words{"3", "2", "1", "train", "prepare"}));
  EXPECT_EQ(words_of({"show", "pre"}), Words{"prepare"});
  EXPECT_EQ(words_of({"run", "--after", "1,t"}), Words{"1,train"});
  EXPECT_TRUE(words_of({"show", "3", ""}).empty());
  EXPECT_EQ(words_of({"wait", "3", "2"}), Words{"2"});
}

TEST(Complete, WhatHasEndedIsNeitherStoppedNorWaitedFor) {
  for (const char* command : {"stop", "wait", "why"})
    EXPECT_EQ(words_of({command, ""}), (Words{"3", "2", "train"})) << command;
}

TEST(Complete, AJobsNameThatATerminalCannotShowIsNotOffered) {
  const auto jobs = [] {
    return std::vector<JobSummary>{job_called(1, "a\tb\n", GangPhase::running)};
  };
  const Completion completion = complete(command_table("1.0"), {"show", ""}, jobs);
  ASSERT_EQ(completion.candidates.size(), 1U);
  EXPECT_EQ(completion.candidates[0].word, "1");
  EXPECT_EQ(completion.candidates[0].what.find_first_of("\t\n"), std::string::npos);
}

TEST(Complete, JobsAreAskedForOnlyWhereOneMayStand) {
  int asked = 0;
  const auto jobs = [&] {
    ++asked;
    return three_jobs;
  };
  for (const Words& words :
       {Words{"s"}, {"stop", "--"}, {"list", "--state", ""}, {"run", "--", ""}})
    (void)complete(command_table("1.0"), words, jobs);
  EXPECT_EQ(asked, 0);
}

TEST(Complete, TheCommandOfAJobIsNotOurs) {
  EXPECT_EQ(completion_of({"run", "--", ""}).adds, ShellAdds::programs);
  EXPECT_EQ(completion_of({"run", "--", "cat", "--"}).adds, ShellAdds::files);
  EXPECT_EQ(completion_of({"run", "--cpus", "2", "cat", "--n"}).adds, ShellAdds::files);
  EXPECT_TRUE(words_of({"run", "python3", "--n"}).empty());
  EXPECT_EQ(words_of({"run", "train.toml", "--dry"}), Words{"--dry-run"});
}

TEST(CommandTable, EachCommandHasHelpAndAnExample) {
  const CommandTable table = command_table("1.0");
  EXPECT_GE(table.commands.size(), 12U);
  for (const CommandRow& command : table.commands) {
    EXPECT_FALSE(command.help.empty()) << command.name;
    EXPECT_FALSE(command.examples.empty()) << command.name;
    for (const FlagRow& flag : command.flags) EXPECT_FALSE(flag.help.empty()) << flag.names.back();
  }
}

TEST(CommandTable, EachValueHasAWordOfOurs) {
  for (const CommandRow& command : command_table("1.0").commands)
    for (const FlagRow& flag : command.flags)
      for (const char* word : {"TEXT", "UINT", "INT"})
        EXPECT_NE(flag.value, word)
            << command.name << " " << flag.names.back() << ": give it a word in command_table.cpp";
}

}  // namespace
}  // namespace gangline
