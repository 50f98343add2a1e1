#include "base/text.h"

#include <gtest/gtest.h>

#include <array>

namespace gangline {
namespace {

TEST(Text, SizesAreReadInPowersOf1024) {
  EXPECT_EQ(parse_bytes("16G")->n, std::int64_t{16} << 30);
  EXPECT_EQ(parse_bytes("1.5M")->n, 3 << 19);
  EXPECT_EQ(parse_bytes("24GiB")->n, std::int64_t{24} << 30);
  EXPECT_EQ(parse_bytes("100")->n, 100);
}

TEST(Text, ASizeThatMakesNoSenseIsRefusedWithAnExample) {
  for (const char* bad :
       {"", "G", "-1G", "1e9", "16X", "16GB!", "99999999T", "inf", "0x10", "1.2.3"}) {
    const auto result = parse_bytes(bad);
    ASSERT_FALSE(result) << bad;
    EXPECT_NE(result.error().hint.find("16G"), std::string::npos);
  }
}

TEST(Text, TimesAreReadInTheFormsPeopleWrite) {
  EXPECT_EQ(*parse_span("90"), seconds(90));
  EXPECT_EQ(*parse_span("2h"), hours(2));
  EXPECT_EQ(*parse_span("1d12h"), hours(36));
  EXPECT_EQ(*parse_span("1:30:00"), minutes(90));
  EXPECT_EQ(*parse_span("250ms"), milliseconds(250));
  for (const char* bad : {"", "h", "-2h", "2x", "1h30", "1:99:00", "999999999d", "1:2:3:4"})
    EXPECT_FALSE(parse_span(bad)) << bad;
}

TEST(Text, TimesAreWrittenShort) {
  EXPECT_EQ(format(milliseconds(300)), "0.3s");
  EXPECT_EQ(format(seconds(200)), "3m20s");
  EXPECT_EQ(format(minutes(125)), "2h05m");
  EXPECT_EQ(format(hours(76)), "3d04h");
}

TEST(Text, AGangIsNamedByItsJobAndItsNumber) {
  EXPECT_EQ(parse_gang_name("7")->job, JobId{7});
  EXPECT_EQ(*parse_gang_name("7.3")->index, 3u);
  for (const char* bad : {"", "0", "a", "7.", "7.x", "7.3.1", "-1", "99999999999999999999"})
    EXPECT_FALSE(parse_gang_name(bad)) << bad;
}

TEST(Text, ASlipOfTheFingerFindsItsWordAndANewWordFindsNone) {
  constexpr std::array<std::string_view, 4> keys{"gpus", "cpus", "memory", "time"};
  EXPECT_EQ(nearest("gpu", keys), "gpus");
  EXPECT_EQ(nearest("memroy", keys), "memory");
  EXPECT_EQ(nearest("tiem", keys), "time");  // a swap is one slip
  EXPECT_FALSE(nearest("banana", keys));
}

TEST(Text, AQuotedWordSurvivesTheShell) {
  EXPECT_EQ(shell_quote("a.mp4"), "a.mp4");
  EXPECT_EQ(shell_quote("a b; rm -rf /"), "'a b; rm -rf /'");
  EXPECT_EQ(shell_quote("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_quote(""), "''");
}

TEST(Text, OnlyWellFormedUtf8IsUtf8) {
  for (const char* good : {"", "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\x95"})
    EXPECT_TRUE(is_utf8(good));
  for (const char* bad : {"\xff", "\xc3", "a\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80"})
    EXPECT_FALSE(is_utf8(bad));
}

TEST(Text, TextOfOthersCannotMoveTheCursor) {
  EXPECT_EQ(printable("a\x1b[2Jb\n"), "a\\x1b[2Jb\\x0a");
  EXPECT_EQ(printable("a\nb", true), "a\nb");
  EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(printable("\xff"), "\\xff");
  EXPECT_EQ(printable("\xe2\x80\xae"), "\\xe2\\x80\\xae");
}

}  // namespace
}  // namespace gangline
