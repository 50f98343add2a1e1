#include "control/quiet_hours.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "base/text.h"

namespace gangline {
namespace {

// In a place where clocks are changed in spring and autumn.
class InBerlin : public testing::Test {
 protected:
  InBerlin() {
    if (const char* zone = std::getenv("TZ")) before_ = zone;
    ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    ::tzset();
    QuietHours nights;
    nights.name = "nights";
    nights.from = hours(22);
    nights.to = hours(7);
    settings_.house.quiet = {nights};
  }
  ~InBerlin() override {
    if (before_.empty()) ::unsetenv("TZ");
    else ::setenv("TZ", before_.c_str(), 1);
    ::tzset();
  }

  static Time utc(int month, int day, int hour, int minute = 0) {
    std::tm at{};
    at.tm_year = 2026 - 1900;
    at.tm_mon = month - 1;
    at.tm_mday = day;
    at.tm_hour = hour;
    at.tm_min = minute;
    return Time{} + seconds(::timegm(&at));
  }
  HouseRules rules(Time now) const {
    HouseRules all;
    add_quiet_hours(settings_, now, all);
    return all;
  }

  Settings settings_;
  std::string before_;
};

TEST_F(InBerlin, HoursThatCrossMidnightHoldOnBothDays) {
  const HouseRules at_night = rules(utc(12, 1, 23));  // a Wednesday morning, 00:00
  const HouseRules now = rules_at(&at_night, utc(12, 1, 23));
  ASSERT_EQ(now.size(), 1u);
  EXPECT_EQ(now[0].from, utc(12, 1, 21));
  EXPECT_EQ(now[0].until, utc(12, 2, 6));
  EXPECT_EQ(now[0].gangs, 0u);
  EXPECT_EQ(now[0].says,
            "quiet hours (nights) until 07:00 local time of the machine: nothing starts");
  EXPECT_TRUE(rules_at(&at_night, utc(12, 2, 6)).empty()) << "07:00";
  EXPECT_FALSE(rules_at(&at_night, utc(12, 2, 21)).empty()) << "the next night";
}

TEST_F(InBerlin, TheNightsInWhichClocksAreChangedAreAnHourShorterAndLonger) {
  const HouseRules spring = rules(utc(3, 28, 12));
  EXPECT_EQ(spring[0].from, utc(3, 28, 21));
  EXPECT_EQ(spring[0].until, utc(3, 29, 5)) << "07:00 in summer time";
  const HouseRules autumn = rules(utc(10, 24, 12));
  EXPECT_EQ(autumn[0].from, utc(10, 24, 20));
  EXPECT_EQ(autumn[0].until, utc(10, 25, 6));
}

TEST_F(InBerlin, DaysAreThoseOnWhichTheyBegin) {
  settings_.house.quiet[0].days = 1u << 4;  // Friday
  const HouseRules all = rules(utc(12, 1, 12));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].from, utc(12, 4, 21)) << "a Friday";
  EXPECT_EQ(all[0].until, utc(12, 5, 6));
}

TEST_F(InBerlin, SomeMayBeHeldAndNamedQueuesMayStartWithTheirParts) {
  settings_.queues.emplace_back().name = "night";
  settings_.queues.emplace_back().name = "part";
  settings_.queues.back().parent = 1;
  settings_.house.quiet[0].queues = {"night"};
  settings_.house.quiet[0].devices = 2;
  settings_.house.quiet[0].days = 1;  // Monday
  const HouseRules all = rules(utc(12, 1, 12));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].most.devices, 2u);
  EXPECT_EQ(all[0].says,
            "quiet hours (nights) until 07:00 local time of the machine allow 2 devices at once");
  EXPECT_EQ(all[1].queue, 0u) << "normal alone is closed";
  EXPECT_EQ(all[1].says,
            "quiet hours (nights) until 07:00 local time of the machine: only queue night starts");
}

}  // namespace
}  // namespace gangline
