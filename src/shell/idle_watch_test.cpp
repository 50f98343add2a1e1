#include "shell/idle_watch.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

Time at(Span since) { return Time{} + hours(1'000) + since; }

TEST(IdleWatch, WarnsOnceBeforeItIsOverAndBeginsAnewWhenSomethingHappens) {
  IdleWatch watch(minutes(30), at(Span{0}));
  EXPECT_EQ(watch.tell(at(minutes(26))), "");
  EXPECT_EQ(watch.next(), at(minutes(27))) << "a tenth before";
  EXPECT_EQ(watch.tell(at(minutes(27))),
            "gang: nothing has happened here for 27m00s; the shell ends and gives back what it has "
            "in 3m00s, unless something happens");
  EXPECT_EQ(watch.tell(at(minutes(28))), "");
  EXPECT_FALSE(watch.is_over(at(minutes(29))));
  watch.is_active(at(minutes(29)));
  EXPECT_FALSE(watch.is_over(at(minutes(31))));
  EXPECT_NE(watch.tell(at(minutes(56))), "");
  EXPECT_TRUE(watch.is_over(at(minutes(59))));
}

TEST(IdleWatch, TellsOfTheEndOfTheTimeAFewMinutesBefore) {
  IdleWatch watch(Span{0}, at(Span{0}));
  watch.ends_at(at(hours(2)), at(Span{0}));
  EXPECT_EQ(watch.next(), at(minutes(115)));
  EXPECT_EQ(watch.tell(at(minutes(114))), "");
  EXPECT_EQ(watch.tell(at(minutes(115))),
            "gang: the time of this shell is up in 5m00s; it ends then");
  EXPECT_EQ(watch.tell(at(minutes(116))), "");
  EXPECT_FALSE(watch.is_over(at(hours(9))));
}

TEST(IdleWatch, AnEndThatHasPassedUntoldIsNothingToLookAtAnyMore) {
  IdleWatch watch(Span{0}, at(Span{0}));
  watch.ends_at(at(minutes(10)), at(minutes(20)));
  EXPECT_EQ(watch.tell(at(minutes(20))), "");
  EXPECT_EQ(watch.next(), never) << "whoever waits until then would not wait at all";
}

}  // namespace
}  // namespace gangline
