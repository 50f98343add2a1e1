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
            type == "file" || type == "object")
          continue;
        EXPECT_TRUE(has_json_schema(type) || type == "CheckedJob") << type;
      }
    }
}

TEST(OpenApi, ReferencesLeadToTypesThatAreThere) {
  const std::string text = openapi_text("1"), mark = "#/components/";
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    const std::size_t from = text.find('/', at + mark.size()) + 1;
    const std::string name = text.substr(from, text.find('"', from) - from);
    EXPECT_NE(text.find("\"" + name + "\":{\""), std::string::npos) << name;
  }
}

TEST(OpenApi, SaysWhichRefusalsEachRouteHas) {
  const std::string text = openapi_text("1");
  const auto has = [&](const std::string& call, const std::string& refusal) {
    const auto from = text.find("\"operationId\":\"" + call + "\"");
    return text.substr(from, text.find("\"default\"", from) - from).find("\"" + refusal + "\":{") !=
           std::string::npos;
  };
  for (const char* refusal : {"400", "401", "403", "404", "409", "429", "503"})
    EXPECT_TRUE(has("post_v1_jobs_job_stop", refusal)) << refusal;
  EXPECT_FALSE(has("post_v1_jobs_job_stop", "413")) << "it has no body";
  EXPECT_FALSE(has("get_v1_jobs", "404"));
  EXPECT_TRUE(has("post_v1_jobs", "413"));
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
