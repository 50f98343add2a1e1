#include "json/schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "json/json.h"

namespace gangline {
namespace {

using Json = nlohmann::json;

/// What stands in `value` and not in the schema, and the other way round; one level deep.
void expect_describes(const std::string& name, const Json& value, bool is_written) {
  const Json schema = Json::parse(json_schemas()).at(name);
  ASSERT_TRUE(schema.at("properties").is_object()) << name;
  for (const auto& [key, one] : value.items())
    EXPECT_TRUE(schema.at("properties").contains(key)) << name << " has " << key;
  EXPECT_EQ(schema.contains("required"), is_written) << name;
  if (!is_written) return;
  for (const Json& key : schema.at("required"))
    EXPECT_TRUE(value.contains(key.get<std::string>())) << name << " lacks " << key;
}

TEST(Schema, NamesTheKeysThatAreWritten) {
  JobSummary summary;
  expect_describes("JobSummary", Json::parse(to_json(summary)), true);
  summary.started = summary.ended = summary.expected = Time{1};
  summary.ending = Ending{};
  expect_describes("JobSummary", Json::parse(to_json(summary)), true);
  expect_describes("JobDetail", Json::parse(to_json(JobDetail{})), true);
  expect_describes("ServiceStatus", Json::parse(to_json(ServiceStatus{})), true);
  expect_describes("FeedPage", Json::parse(to_json(FeedPage{})), true);
  expect_describes("Error", Json::parse(to_json(Error{})), true);
}

TEST(Schema, AsksForNothingInWhatPeopleWrite) {
  expect_describes("JobSpec", Json::parse(to_json(JobSpec{})), false);
  expect_describes("ReserveRequest", Json::parse(to_json(ReserveRequest{})), false);
}

TEST(Schema, SaysWhichWordsAnEnumHas) {
  const Json schema = Json::parse(json_schemas());
  EXPECT_EQ(schema["JobSummary"]["properties"]["phase"]["enum"],
            Json({"waiting", "starting", "running", "ended"}));
  EXPECT_EQ(schema["JobDetail"]["properties"]["summary"]["$ref"],
            "#/components/schemas/JobSummary");
  EXPECT_FALSE(has_json_schema("Nothing"));
}

}  // namespace
}  // namespace gangline
