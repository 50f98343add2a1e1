#include <gtest/gtest.h>

#include "jobspec/config_file.h"

namespace gangline {
namespace {

std::string told(std::string_view text) {
  std::vector<Error> mistakes;
  EXPECT_FALSE(read_config(text, "config.toml", &mistakes));
  std::string all;
  for (const Error& mistake : mistakes) all += (all.empty() ? "" : "\n") + mistake.sentence();
  return all;
}

TEST(HouseInTheConfigFile, WhatIsSaidOfAllHoldsForNamedPeopleToo) {
  const auto settings = read_config(
      "[people]\ndevices=4\ngangs=10\ndevice_hours=100\nperiod='30d'\n"
      "[people.anna]\ndevices='none'\ncpus=8\n[queue.night]\neach=2\neach_gangs=3\n",
      "config.toml");
  ASSERT_TRUE(settings) << settings.error().sentence();
  const House& house = settings->house;
  EXPECT_EQ(house.limits_of("bob"), (PersonLimits{4, {}, 10, 100}));
  EXPECT_EQ(house.limits_of("anna"), (PersonLimits{{}, 8, 10, 100}));
  EXPECT_EQ(house.period, hours(24 * 30));
  EXPECT_EQ(settings->queues.back().each, (PersonLimits{2, {}, 3, {}}));
}

TEST(HouseInTheConfigFile, WhatOnePersonMayHaveWaitingIsAsInTheServiceUntilTheFileSaysMore) {
  Settings before;
  before.house.everybody.jobs = 10;
  before.house.everybody.waiting_gangs = 100;
  const auto settings = read_config("[people]\njobs=20\n[people.anna]\nwaiting_gangs='none'\n",
                                    "config.toml", nullptr, {}, before);
  ASSERT_TRUE(settings) << settings.error().sentence();
  EXPECT_EQ(settings->house.limits_of("bob").jobs, 20u);
  EXPECT_EQ(settings->house.limits_of("bob").waiting_gangs, 100u);
  EXPECT_EQ(settings->house.limits_of("anna").jobs, 20u);
  EXPECT_EQ(settings->house.limits_of("anna").waiting_gangs, std::nullopt);
  EXPECT_FALSE(settings->house.everybody.any()) << "no plan needs to know";
}

TEST(HouseInTheConfigFile, EachMistakeHasItsPlace) {
  EXPECT_EQ(told("[people]\ndevice=4\ngangs=0\nperiod='10m'\n[people.anna]\ncpus='many'\nperiod="
                 "'7d'\n"),
            "config.toml:2:1: unknown key 'device' in [people]; did you mean 'devices'?\n"
            "config.toml:3:7: gangs is 0; it goes from 1 to 100000000\n"
            "config.toml:4:8: period goes from 1h to 366d\n"
            "config.toml:6:6: cpus must be a whole number or \"none\", not a text\n"
            "config.toml:7:1: unknown key 'period' in [people.anna]; known keys are devices, cpus, "
            "gangs, device_hours, "
            "jobs, waiting_gangs");
  EXPECT_EQ(told("people = 4\n"),
            "config.toml:1:10: people must be a table, not a whole number; write [people] and "
            "devices = 4 below it");
}

TEST(HouseInTheConfigFile, QuietHoursAndMaintenanceAreRead) {
  const auto settings = read_config(
      "[queue.night]\n[quiet.nights]\ntimes='22:00-07:00'\ndays=['mon','fri']\nqueues=['night']\n"
      "[quiet.noon]\ntimes='12:00 - 13:30'\ndevices=2\n"
      "[maintenance.cooling]\nfrom='2026-12-01 08:00'\nto='2026-12-01 12:30'\n",
      "config.toml");
  ASSERT_TRUE(settings) << settings.error().sentence();
  const House& house = settings->house;
  ASSERT_EQ(house.quiet.size(), 2u);
  EXPECT_EQ(house.quiet[0],
            (QuietHours{"nights", hours(22), hours(7), 0b10001, {}, {}, {"night"}}));
  EXPECT_EQ(house.quiet[1],
            (QuietHours{"noon", hours(12), hours(13) + minutes(30), 0x7f, 2, {}, {}}));
  ASSERT_EQ(house.maintenance.size(), 1u);
  EXPECT_EQ(house.maintenance[0].to - house.maintenance[0].from, hours(4) + minutes(30));
}

TEST(HouseInTheConfigFile, WrongTimesAreToldWithTheirPlaces) {
  EXPECT_EQ(told("[quiet.a]\ntimes='22-7'\ndays=['Monday','mon','tu']\n[quiet.b]\nqueues=['x']\n"
                 "[maintenance.c]\nfrom='tomorrow'\nto='2026-12-01 08:00'\n[maintenance.d]\n"),
            "config.toml:2:7: times are two different times of the day; write times = "
            "\"22:00-07:00\"\n"
            "config.toml:3:6: there is no day 'Monday'; the days are: mon, tue, wed, thu, fri, "
            "sat, sun\n"
            "config.toml:3:6: there is no day 'tu'; the days are: mon, tue, wed, thu, fri, sat, "
            "sun\n"
            "config.toml:4:8: these quiet hours have no times; write times = \"22:00-07:00\"\n"
            "config.toml:4:8: there is no queue 'x'\n"
            "config.toml:7:6: 'tomorrow' is no time; write it like \"2026-12-01 08:00\", in the "
            "local time of the machine\n"
            "config.toml:9:14: this maintenance has no from or no to; write [maintenance.cooling] "
            "and from and to below it");
}

}  // namespace
}  // namespace gangline
