#include "gateway/openapi.h"

#include <gtest/gtest.h>

#include <set>

#include "gateway/gateway.h"
#include "json/schema.h"

namespace gangline {
namespace {

std::set<std::string> described(const std::string& text) {
  std::set<std::string> all;
  const std::string mark = "\"operationId\":\"";
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1))
    EXPECT_TRUE(all.insert(text.substr(at, text.find('"', at + mark.size()) - at)).second);
  return all;
}

TEST(OpenApi, HasEachRouteOnceAndATypeForEachBody) {
  const std::string text = openapi_text("1");
  EXPECT_EQ(described(text).size(), route_rows().size() + own_rows().size());
  for (const auto rows : {route_rows(), own_rows()})
    for (const RouteRow& row : rows) {
      EXPECT_NE(text.find("\"/" + std::string(row.pattern) + "\":{"), std::string::npos);
      EXPECT_FALSE(row.says.empty()) << row.pattern;
      for (std::string type : {std::string(row.takes), std::string(row.gives)}) {
        if (type.starts_with('[')) type = type.substr(1, type.size() - 2);
        if (type.empty() || type == "toml" || type == "text" || type == "events" ||
            type == "object")
          continue;
        EXPECT_TRUE(has_json_schema(type)) << type;
      }
    }
}

TEST(OpenApi, ReferencesLeadToTypesThatAreThere) {
  const std::string text = openapi_text("1"), mark = "#/components/schemas/";
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    const std::size_t from = at + mark.size();
    EXPECT_TRUE(has_json_schema(text.substr(from, text.find('"', from) - from)));
  }
}

TEST(OpenApi, DescribesWhatTheGatewayAnswersItselfAndNothingElse) {
  std::set<std::string> answered, told;
  for (const auto& [method, path] : Gateway::own_paths()) answered.insert(method + " " + path);
  for (const RouteRow& row : own_rows())
    told.insert(std::string(row.method) + " /" + std::string(row.pattern));
  for (const RouteRow& row : route_rows())
    answered.erase(std::string(row.method) + " /" + std::string(row.pattern));
  EXPECT_EQ(answered, told);
}

}  // namespace
}  // namespace gangline
