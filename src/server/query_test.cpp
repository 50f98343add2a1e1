#include "server/query.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

TEST(Target, HasPathAndQueryDecoded) {
  const auto target = parse_target("/v1/names/a%20b?from=7&phase=ended&from=8");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->path, (std::vector<std::string>{"v1", "names", "a b"}));
  EXPECT_EQ(target->query.at("phase"), "ended");
  EXPECT_EQ(number_in(*target, "from", 0, 100), 7u);
  EXPECT_EQ(number_in(*target, "most", 5, 100), 5u);
  EXPECT_FALSE(number_in(*target, "phase", 0, 100).has_value());
}

TEST(Target, HasAFlagThatStandsThereUnlessItIsSaidToBeFalse) {
  const auto target = parse_target("/v1/jobs?a&b=&c=true&d=1&e=false&f=0&g=maybe");
  ASSERT_TRUE(target.has_value());
  for (const char* key : {"a", "b", "c", "d"}) EXPECT_EQ(flag_in(*target, key), true) << key;
  for (const char* key : {"e", "f", "missing"}) EXPECT_EQ(flag_in(*target, key), false) << key;
  EXPECT_FALSE(flag_in(*target, "g").has_value());
}

TEST(Target, IsNoneWithABrokenEscapeOrANulWrittenEitherWay) {
  EXPECT_FALSE(parse_target("/v1/names/%4").has_value());
  EXPECT_FALSE(parse_target("/v1/names/%zz").has_value());
  EXPECT_FALSE(parse_target("/v1/names/a%00b").has_value());
  EXPECT_FALSE(parse_target(std::string_view("/v1/names/a\0b", 13)).has_value());
  EXPECT_FALSE(parse_target("v1/names/a").has_value());
}

}  // namespace
}  // namespace gangline
