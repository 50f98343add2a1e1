#include "server/route_table.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/text.h"
#include "server/routes.h"

namespace gangline {
namespace {

std::string with_stars(std::string_view pattern) {
  std::string text;
  for (const std::string_view part : split(pattern, '/'))
    text += (text.empty() ? "" : "/") + std::string(part.starts_with('{') ? "*" : part);
  return text;
}

TEST(RouteTable, DescribesEachRouteThatIsAnsweredAndNoOther) {
  std::set<std::string> answered, described;
  for (const auto& [method, pattern] : answered_routes())
    answered.insert(std::string(method) + " " + std::string(pattern));
  for (const RouteRow& row : route_rows())
    described.insert(std::string(row.method) + " " + with_stars(row.pattern));
  EXPECT_EQ(answered, described);
}

TEST(RouteTable, LetsNobodyChangeAnythingWithARoleThatOnlyReads) {
  for (const RouteRow& row : route_rows()) {
    EXPECT_EQ(row.method == "GET", row.role == Role::read) << row.pattern;
    EXPECT_TRUE(row.method == "GET" || row.way == RouteWay::straight) << row.pattern;
  }
}

TEST(RouteTable, MatchesWholePartsOnly) {
  EXPECT_EQ(match_route("v1/jobs/{job}/why", "v1/jobs/7/why"), std::vector<std::string_view>{"7"});
  EXPECT_EQ(match_route("v1/jobs", "v1/jobs"), std::vector<std::string_view>{});
  for (const char* path : {"v1/jobs/7/why/", "v1/jobs//why", "v1/jobs/why", "v1/jobs/7/8/why",
                           "v1/jobs/7", "/v1/jobs/7/why", ""})
    EXPECT_FALSE(match_route("v1/jobs/{job}/why", path)) << path;
}

}  // namespace
}  // namespace gangline
