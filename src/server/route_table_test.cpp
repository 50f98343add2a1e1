#include "server/route_table.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "server/query.h"
#include "server/routes.h"

namespace gangline {
namespace {

TEST(RouteTable, DescribesEachRouteThatIsAnsweredAndNoOther) {
  std::set<std::string> answered, described;
  for (const auto& [method, pattern] : answered_routes())
    answered.insert(std::string(method) + " " + std::string(pattern));
  for (const RouteRow& row : route_rows())
    described.insert(std::string(row.method) + " " + std::string(row.pattern));
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

std::string told_of(std::string_view pattern, std::string_view target) {
  for (const RouteRow& row : route_rows())
    if (row.method == "GET" && row.pattern == pattern) {
      const auto unknown = unknown_word(row, *parse_target(target));
      return unknown ? unknown->sentence() : "";
    }
  return "no such route";
}

TEST(RouteTable, PassesOverNoWordOfAQueryThatARouteDoesNotKnow) {
  EXPECT_EQ(told_of("v1/jobs", "/v1/jobs?limit=5&all"), "");
  EXPECT_EQ(told_of("v1/jobs", "/v1/jobs?"), "");
  EXPECT_EQ(told_of("v1/jobs/{job}", "/v1/jobs/7?frist=5"),
            "there is no 'frist' to ask for here; use one of these: first, most");
  EXPECT_EQ(told_of("v1/nodes", "/v1/nodes?a%0ab=1"),
            "there is no 'a\\x0ab' to ask for here; leave it out: this is asked without a query");
}

}  // namespace
}  // namespace gangline
