// [on.slurm] of the config file: read, and written for a person.
#include <gtest/gtest.h>

#include "jobspec/config_file.h"
#include "jobspec/slurm/read_slurm.h"
#include "jobspec/slurm/write_profile.h"

namespace gangline {
namespace {

std::string told(std::string_view text) {
  std::vector<Error> mistakes;
  EXPECT_FALSE(read_config(text, "config.toml", &mistakes));
  std::string all;
  for (const Error& mistake : mistakes) all += (all.empty() ? "" : "\n") + mistake.sentence();
  return all;
}

TEST(SlurmConfig, AFileWithoutTheSectionSaysNothing) {
  const auto settings = read_config("idle_exit = '5m'", "config.toml");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->on_slurm, SlurmProfile{});
}

TEST(SlurmConfig, AllKeysAreRead) {
  const auto settings = read_config(
      "[on.slurm]\npartition='gpu'\naccount='phys-1'\nqos='high'\nconstraint='a100|h100'\n"
      "look_every='2s'\nstate='~/x'\npilot_gangs=200\npilot_shorter_than='2m'\npilot_nodes=3\n"
      "pilot_gpus=8\npilot_model='h100'\npilot_cpus=4\npilot_memory='2G'\npilot_time='30m'\n"
      "pilot_idle='1m'\n",
      "config.toml");
  ASSERT_TRUE(settings) << settings.error().sentence();
  const SlurmProfile& profile = settings->on_slurm;
  EXPECT_EQ(profile.usual, (SlurmUsual{"gpu", "phys-1", "high", "a100|h100"}));
  EXPECT_EQ(profile.look_every, seconds(2));
  EXPECT_EQ(profile.state, "~/x");
  PilotRequest request{3, 8, "h100", 4, gibibytes(2), minutes(30), "", minutes(1), false};
  EXPECT_EQ(profile.pilot, (PilotByItself{200, minutes(2), request}));
}

TEST(SlurmConfig, MistakesAreToldTogether) {
  EXPECT_EQ(told("[on.slurm]\npartiton='gpu'\naccount='a b'\nlook_every='0.5s'\nstate='here'\n"
                 "qos=3\n"),
            "config.toml:2:1: unknown key 'partiton' in [on.slurm]; did you mean 'partition'?\n"
            "config.toml:3:9: 'a b' is no account of Slurm's\n"
            "config.toml:4:12: look_every goes from 1s to 10m00s\n"
            "config.toml:5:7: state is a directory that begins with / or ~/; name one on a disk "
            "that all nodes see at the same path\n"
            "config.toml:6:5: qos must be a text, not a whole number; write it in quotes: \"3\"");
  EXPECT_EQ(told("on = 'slurm'"),
            "config.toml:1:6: on must be a table, not a text; write "
            "[on.slurm]");
  EXPECT_EQ(told("[on]\nslurm = 1"),
            "config.toml:2:9: on.slurm must be a table, not a whole number; write [on.slurm] and "
            "partition = \"gpu\" below it");
  EXPECT_EQ(told("[on.slrum]\n"),
            "config.toml:1:5: unknown key 'slrum' in [on]; did you mean "
            "'slurm'?");
}

TEST(SlurmConfig, APilotThatNoGangCouldUseIsAMistake) {
  EXPECT_EQ(told("[on.slurm]\npilot_nodes = 2\n"),
            "config.toml:2:1: pilot_nodes says nothing without pilot_gangs; write pilot_gangs = "
            "200: the gangs a job must have");
  EXPECT_EQ(told("[on.slurm]\npilot_gangs = 9\npilot_time = '5m'\npilot_shorter_than = '3m'\n"),
            "config.toml:2:1: pilot_time (5m00s) is less than twice pilot_shorter_than (3m00s); "
            "gangs that might not end before it would not start there");
}

TEST(SlurmConfig, TheStateIsFoundWhateverElseIsWrong) {
  EXPECT_EQ(*read_slurm_state("nonsense = 3\n[on.slurm]\nqos = 3\nstate = '/x'\n", "c"), "/x");
  EXPECT_EQ(*read_slurm_state("[on.slurm]\n", "c"), "");
  EXPECT_EQ(*read_slurm_state("", "c"), "");
  EXPECT_FALSE(read_slurm_state("[on.slurm]\nstate = 'x'\n", "c"));
  EXPECT_FALSE(read_slurm_state("[on.slurm\n", "c"));
}

SlurmSurvey a_survey() {
  SlurmSurvey survey;
  survey.version = "22.05.8";
  survey.cluster = "lab";
  survey.partitions = {{"gpu", true, true, 2, {{"a100", 8}}, hours(24)},
                       {"long", false, true, 4, {}, {}}};
  survey.partition = "gpu";
  survey.account = "physics";
  survey.accounts = {"physics", "bio"};
  survey.state = "/home/anna/x";
  return survey;
}

TEST(SlurmProfileText, IsReadAsWhatTheSurveyFound) {
  const std::string text = profile_text(a_survey());
  const auto settings = read_config(text, "config.toml");
  ASSERT_TRUE(settings) << settings.error().sentence() << text;
  EXPECT_EQ(settings->on_slurm.usual, (SlurmUsual{"gpu", "physics", "", ""}));
  EXPECT_FALSE(settings->on_slurm.pilot);
  EXPECT_NE(text.find("there are also long"), std::string::npos) << text;
  // Its comments, taken as they are, are no mistakes either.
  std::string whole = text.substr(text.find("[on.slurm]"));
  for (std::size_t at = 0; (at = whole.find("\n# ", at)) != std::string::npos; ++at)
    if (whole.compare(at, 7, "\n# Jobs") != 0) whole.erase(at + 1, 2);
  const auto all = read_config(whole, "config.toml");
  ASSERT_TRUE(all) << all.error().sentence() << whole;
  EXPECT_EQ(all->on_slurm.pilot->request.gpus, 4u);
}

TEST(SlurmProfileText, IsPutBehindWhatIsThereByteForByte) {
  const std::string section = profile_text(a_survey());
  for (const std::string before : {"", "# mine\r\nidle_exit = '5m'", "[queue.fast]\n"}) {
    const auto whole = with_profile(before, section, "config.toml");
    ASSERT_TRUE(whole) << whole.error().sentence();
    EXPECT_TRUE(whole->starts_with(before));
    EXPECT_TRUE(whole->ends_with(section));
  }
  EXPECT_FALSE(with_profile("on = { }\n", section, "config.toml"));
  EXPECT_FALSE(with_profile(section, section, "config.toml"));
}

TEST(SlurmProfileText, WhatIsThereIsFoundWithItsLine) {
  const auto there = find_slurm_profile("# a\n[on.slurm]\npartition = 'x'\npilot_gangs = 3\n", "c");
  ASSERT_TRUE(there && *there);
  EXPECT_EQ((*there)->line, 2u);
  EXPECT_EQ((*there)->says, (std::vector<std::string>{"partition = x", "pilot_gangs = 3"}));
  EXPECT_FALSE((*find_slurm_profile("on = { }", "c")).has_value());
}

}  // namespace
}  // namespace gangline
