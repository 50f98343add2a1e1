#include "jobspec/config_file.h"

#include <gtest/gtest.h>

#include "jobspec/mistakes.h"

namespace gangline {
namespace {

std::string told(std::string_view text, const PolicyCheck& check_policy = {}) {
  std::vector<Error> mistakes;
  EXPECT_FALSE(read_config(text, "config.toml", &mistakes, check_policy));
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

TEST(ConfigFile, APolicyMayBeSetBesideItsName) {
  const auto settings = read_config(
      "policy = { name = 'attained', promises = 'all', levels = ['1h', '2h'], seed = 7 }\n",
      "config.toml");
  ASSERT_TRUE(settings) << settings.error().sentence();
  EXPECT_EQ(settings->policy, "attained");
  EXPECT_EQ(settings->policy_settings, (PolicySettings{everyone, std::nullopt, std::nullopt,
                                                       std::array{hours(1), hours(2)}, 7}));
  EXPECT_EQ(read_config("[policy]\nname='ageing'\nages='90m'\npromises=4\n", "")->policy_settings,
            (PolicySettings{4, minutes(90), std::nullopt, std::nullopt, std::nullopt}));
}

TEST(ConfigFile, WhatIsSetOfAPolicyIsTyped) {
  EXPECT_EQ(told("policy = { name = 'easy', promise = 4 }"),
            "config.toml:1:27: unknown key 'promise' in policy; did you mean 'promises'?");
  EXPECT_EQ(told("[policy]\npromises = 'many'\nages = '0s'\nlevels = ['2h', '1h']\nseed = -1\nname "
                 "= 'easy'\n"),
            "config.toml:2:12: promises must be a whole number or \"all\", not a text\n"
            "config.toml:3:8: ages goes from 1s to 100 years\n"
            "config.toml:4:10: levels are two lengths of time, the shorter in front; write levels "
            "= [\"3250s\", \"7200s\"]\n"
            "config.toml:5:8: seed is -1; it goes from 0 to 9223372036854775807");
  PolicySettings settings;
  EXPECT_TRUE(set_of_policy("patience", "6h", settings));
  EXPECT_EQ(settings.patience, hours(6));
  EXPECT_FALSE(set_of_policy("patience", "0s", settings));
  EXPECT_TRUE(set_of_policy("levels", "1h,2h", settings));
  EXPECT_TRUE(set_of_policy("promises", "all", settings));
  EXPECT_EQ(settings.promises, everyone);
  EXPECT_EQ(settings.levels, (std::array{hours(1), hours(2)}));
  EXPECT_FALSE(set_of_policy("promises", "-1", settings));
  EXPECT_EQ(set_of_policy("age", "1h", settings).error().hint, "did you mean 'ages'?");
  EXPECT_FALSE(set_of_policy("name", "fifo", settings));
}

TEST(ConfigFile, QueuesArePartsOfOthersWithSharesGuaranteesAndLimits) {
  const auto settings = read_config(
      "half_life='1d'\ncpus_as_device=16\n[queue.vision]\nparent='lab'\nshare=3\nguaranteed=2\n"
      "guaranteed_cpus=8\n[queue.lab]\nlimit=4\nlimit_cpus=32\ntime='2h'\n",
      "config.toml");
  ASSERT_TRUE(settings) << settings.error().sentence();
  EXPECT_EQ(settings->half_life, hours(24));
  EXPECT_EQ(settings->cpus_as_device, 16u);
  ASSERT_EQ(settings->queues.size(), 3u);
  const Queue& vision = settings->queues[1];
  EXPECT_EQ(vision.parent, 2u);
  EXPECT_EQ(vision.share, 3u);
  EXPECT_EQ(vision.guaranteed, (QueueAmounts{2, 8}));
  EXPECT_EQ(vision.limit, QueueAmounts{});
  EXPECT_EQ(settings->queues[2].limit, (QueueAmounts{4, 32}));
  EXPECT_EQ(settings->queues[2].time, hours(2));
}

TEST(ConfigFile, MistakesInSharesAreToldWithTheirPlaces) {
  EXPECT_EQ(
      told("[queue.a]\nparent='b'\n[queue.b]\nparent='a'\n[queue.c]\nparent='x'\nshare=0\n"
           "[queue.d]\nlimit=1\nguaranteed=2\n"),
      "config.toml:4:8: the queue 'b' is a part of itself; name as parent a queue that is no "
      "part of it\n"
      "config.toml:6:8: there is no queue 'x'; the queues are: normal, a, b, c, d\n"
      "config.toml:7:7: share is 0; it goes from 1 to 1000000\n"
      "config.toml:8:8: more is guaranteed to the queue 'd' than its limit; raise its limit or "
      "guarantee less");
}

TEST(ConfigFile, WhatIsWrongWithAPolicyIsToldAtItsPlace) {
  const PolicyCheck only_easy = [](const std::string& name,
                                   const PolicySettings& settings) -> Result<void> {
    if (name != "easy") return Error{ErrorKind::usage, "no policy '" + name + "'", "", "try easy"};
    if (settings.ages) return Error{ErrorKind::usage, "ages is none of it", "", ""};
    return {};
  };
  EXPECT_EQ(told("idle_exit='1h'\npolicy = 'esay'\n", only_easy),
            "config.toml:2:10: no policy 'esay'; try easy");
  EXPECT_EQ(told("[policy]\nages = '1h'\nname = 'esay'\n", only_easy),
            "config.toml:3:8: no policy 'esay'; try easy");
  EXPECT_EQ(told("[policy]\nname = 'easy'\npromises = 4\nages = '1h'\nseed = 'x'\n", only_easy),
            "config.toml:4:1: ages is none of it\n"
            "config.toml:5:8: seed must be a whole number, not a text");
  EXPECT_TRUE(read_config("policy = { name = 'easy', promises = 4 }", "", nullptr, only_easy));
}

TEST(ConfigFile, APolicyThatIsATableHasAName) {
  EXPECT_EQ(told("policy = { ages = '1h' }"),
            "config.toml:1:10: the policy has no name; write policy = { name = \"easy\", ... }");
  EXPECT_EQ(told("policy = { nam = 'easy' }"),
            "config.toml:1:12: unknown key 'nam' in policy; did you mean 'name'?");
}

TEST(ConfigFile, GuaranteesOfPartsFitThatAndTheLimitOfTheWhole) {
  EXPECT_EQ(
      told("[queue.lab]\nguaranteed=4\n[queue.a]\nparent='lab'\nguaranteed=5\n"
           "[queue.b]\nparent='lab'\nguaranteed=4\n"),
      "config.toml:3:8: more is guaranteed to the queue 'a' than to 'lab', which it is a part "
      "of; guarantee more to the whole or less to the part");
  EXPECT_EQ(told("[queue.lab]\nlimit_cpus=4\n[queue.a]\nparent='lab'\nguaranteed_cpus=2\n"
                 "[queue.b]\nparent='lab'\nguaranteed_cpus=3\n"),
            "config.toml:1:8: more is guaranteed to the parts of the queue 'lab' together than its "
            "limit; raise its limit or guarantee less to its parts");
  EXPECT_TRUE(
      read_config("[queue.lab]\nlimit=4\n[queue.a]\nparent='lab'\nguaranteed=2\n"
                  "[queue.b]\nparent='lab'\nguaranteed=2\n",
                  ""));
}

TEST(ConfigFile, MistakesAreToldWithTheirPlaces) {
  EXPECT_EQ(
      told("polici = 'x'\nidle_exit = '0s'\n[queue.a]\nprio = 1\nallow_foreign = 1\n"),
      "config.toml:1:1: unknown key 'polici'; did you mean 'policy'?\n"
      "config.toml:2:13: idle_exit goes from 1s to 365d\n"
      "config.toml:4:1: unknown key 'prio' in [queue.a]; known keys are priority, allow_foreign, "
      "parent, "
      "share, guaranteed, guaranteed_cpus, limit, limit_cpus, time, each, each_cpus, each_gangs\n"
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

TEST(ConfigFile, AKeyBelowTheWrongTableIsToldWhereItBelongs) {
  EXPECT_EQ(told("policy = 'fair'\n[for_all]\noperators = 'x'\nidle_exit = '5m'\nlimit = 4\n"
                 "[people.anna]\nhalf_life = '1d'\n"),
            "config.toml:4:1: unknown key 'idle_exit' in [for_all]; it is a key of the whole file: "
            "write it above the first [table]\n"
            "config.toml:5:1: unknown key 'limit' in [for_all]; known keys are people, operators\n"
            "config.toml:7:1: unknown key 'half_life' in [people.anna]; it is a key of the whole "
            "file: write it above the first [table]");
}

TEST(ConfigFile, SeveralMistakesMakeOneErrorOfALineEach) {
  const Error one{ErrorKind::usage, "unknown key 'x'", "config.toml:1:1", ""};
  const Error two{ErrorKind::usage, "unknown key 'y'", "config.toml:2:1", "leave it out"};
  EXPECT_EQ(together({one}).sentence(), one.sentence());
  EXPECT_EQ(together({one, two}).sentence(),
            "there are several mistakes:\n  config.toml:1:1: unknown key 'x'\n  config.toml:2:1: "
            "unknown key 'y'; leave it out");
}

}  // namespace
}  // namespace gangline
