#include "jobspec/config_file.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

std::string told(std::string_view text) {
  std::vector<Error> mistakes;
  EXPECT_FALSE(read_config(text, "config.toml", &mistakes));
  std::string all;
  for (const Error& mistake : mistakes) all += (all.empty() ? "" : "\n") + mistake.sentence();
  return all;
}

TEST(ConfigFile, AnEmptyFileLeavesAllAsItIs) {
  const auto settings = read_config("", "config.toml");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->policy, "easy");
  EXPECT_EQ(settings->queues, (std::vector<Queue>{{"normal", 0, false}}));
  EXPECT_EQ(settings->idle_exit, minutes(10));
}

TEST(ConfigFile, AllSettingsAreRead) {
  const auto settings = read_config(
      "policy='fifo'\nidle_exit='1h'\nsample_every=5\n[queue.night]\npriority=-10\n"
      "[queue.normal]\nallow_foreign=true\n[queue.a]\n",
      "config.toml");
  ASSERT_TRUE(settings) << settings.error().sentence();
  EXPECT_EQ(settings->policy, "fifo");
  EXPECT_EQ(settings->idle_exit, hours(1));
  EXPECT_EQ(settings->sample_every, seconds(5));
  EXPECT_EQ(settings->queues,
            (std::vector<Queue>{{"normal", 0, true}, {"night", -10, false}, {"a", 0, false}}));
}

TEST(ConfigFile, MistakesAreToldWithTheirPlaces) {
  EXPECT_EQ(told("polici = 'x'\nidle_exit = '0s'\n[queue.a]\nprio = 1\nallow_foreign = 1\n"),
            "config.toml:1:1: unknown key 'polici'; did you mean 'policy'?\n"
            "config.toml:2:13: idle_exit goes from 1s to 365d\n"
            "config.toml:4:1: unknown key 'prio'; known keys are priority, allow_foreign\n"
            "config.toml:5:17: allow_foreign must be true or false, not a whole number");
  EXPECT_EQ(told("queue = 1"),
            "config.toml:1:9: queue must be a table, not a whole number; write [queue.fast]");
  EXPECT_EQ(told("[queue.7]"),
            "config.toml:1:8: the name '7' would be taken for the number of a job; put a letter "
            "into it");
  std::string many;
  for (int i = 0; i < 101; ++i) many += "[queue.q" + std::to_string(i) + "]\n";
  EXPECT_NE(told(many).find("101 queues; the most is 100"), std::string::npos);
}

}  // namespace
}  // namespace gangline
