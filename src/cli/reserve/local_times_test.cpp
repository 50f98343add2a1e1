#include "cli/reserve/local_times.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace gangline {
namespace {

/// The zone of this process, while it is there.
class Zone {
 public:
  explicit Zone(const char* name) {
    if (const char* before = std::getenv("TZ")) before_ = before, had_ = true;
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~Zone() {
    if (had_) ::setenv("TZ", before_.c_str(), 1);
    else ::unsetenv("TZ");
    ::tzset();
  }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;

 private:
  std::string before_;
  bool had_ = false;
};

// Rules of clocks written out, so that no files of zones are needed.
constexpr const char* middle_europe = "CET-1CEST,M3.5.0,M10.5.0/3";

TEST(LocalTimes, AreThoseOfWhoAsksWithTheDistanceFromUtc) {
  const std::string said = "into reservation 1 of anna, 2026-12-01 18:00 to 20:00 UTC; ask later";
  {
    const Zone zone(middle_europe);
    EXPECT_EQ(in_local_time(said),
              "into reservation 1 of anna, 2026-12-01 19:00 to 21:00 UTC+01:00; ask later");
  }
  const Zone zone("NST3:30");
  EXPECT_EQ(in_local_time(said),
            "into reservation 1 of anna, 2026-12-01 14:30 to 16:30 UTC-03:30; ask later");
}

TEST(LocalTimes, InUtcStayAsTheyAre) {
  const Zone zone("UTC");
  const std::string said =
      "a, 2026-12-01 18:00 to 20:00 UTC, b, 2026-12-01 18:00 to 2026-12-02 "
      "01:00 UTC";
  EXPECT_EQ(in_local_time(said), said);
}

TEST(LocalTimes, SayTheDayWhereItIsAnotherAndTheZoneTwiceWhereClocksAreChanged) {
  const Zone zone(middle_europe);
  EXPECT_EQ(in_local_time("2026-12-01 22:00 to 23:30 UTC and 2026-12-01 23:00 to 2026-12-02 "
                          "01:00 UTC"),
            "2026-12-01 23:00 to 2026-12-02 00:30 UTC+01:00 and 2026-12-02 00:00 to 02:00 "
            "UTC+01:00");
  EXPECT_EQ(in_local_time("2026-10-24 23:00 to 2026-10-25 02:00 UTC"),
            "2026-10-25 01:00 UTC+02:00 to 03:00 UTC+01:00");
}

TEST(LocalTimes, WhatIsNoSuchTimeIsLeftAlone) {
  const Zone zone(middle_europe);
  for (const char* said : {"about 21:42 UTC", "2026-99-01 18:00 to 20:00 UTC", "UTC", ""})
    EXPECT_EQ(in_local_time(said), said);
}

}  // namespace
}  // namespace gangline
