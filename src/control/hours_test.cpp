#include "control/hours.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

Time at(Span since_begin) { return Time{} + hours(1'000) + since_begin; }

TEST(HoursOfPeople, CountWhatRanAndWhatRunsWithinThePeriod) {
  Hours of;
  of.begin(1, 2, at(hours(0)));
  EXPECT_EQ(of.used(1, hours(24), at(hours(3))), hours(6));
  of.end(1, 2, at(hours(0)), at(hours(5)), true);
  EXPECT_EQ(of.used(1, hours(24), at(hours(6))), hours(10));
  of.begin(1, 0.5, at(hours(6)));
  EXPECT_EQ(of.used(1, hours(24), at(hours(10))), hours(12));
  EXPECT_EQ(of.used(2, hours(24), at(hours(10))), Span{0}) << "another one used nothing";
  EXPECT_EQ(of.used(1, hours(2), at(hours(10))), hours(1)) << "what is older does not count";
}

TEST(HoursOfPeople, OfAnHourThatIsPartlyTooOldAllCounts) {
  Hours of;
  of.begin(1, 1, at(hours(0)));
  of.end(1, 1, at(hours(0)), at(hours(3)), true);
  EXPECT_EQ(of.used(1, hours(4), at(hours(5)) + minutes(30)), hours(2));
}

TEST(HoursOfPeople, AreReadBackAsTheyWereStored) {
  Hours of;
  of.begin(0, 3, at(minutes(30)));
  of.end(0, 3, at(minutes(30)), at(minutes(90)), true);
  const auto rows = of.unstored({"anna"});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].owner, "anna");
  EXPECT_EQ(rows[0].device_ms, 3 * 30 * 60'000);
  of.is_stored();
  EXPECT_TRUE(of.unstored({"anna"}).empty());
  Hours again;
  for (const PastHour& row : rows) again.recall(row, 7);
  again.begin(7, 3, at(minutes(30)));
  again.end(7, 3, at(minutes(30)), at(minutes(90)), false);  // its events are read back, too
  EXPECT_EQ(again.used(7, hours(24), at(hours(2))), hours(3));
}

}  // namespace
}  // namespace gangline
