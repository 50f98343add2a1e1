#include "json/schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "json/json.h"
#include "model/check_spec.h"

namespace gangline {
namespace {

using Json = nlohmann::json;

/// What stands in `value` and not in the schema, and the other way round; one level deep.
void expect_describes(const std::string& name, const Json& value) {
  const Json schema = Json::parse(json_schemas()).at(name);
  ASSERT_TRUE(schema.at("properties").is_object()) << name;
  for (const auto& [key, one] : value.items())
    EXPECT_TRUE(schema.at("properties").contains(key)) << name << " has " << key;
  for (const Json& key : schema.value("required", Json::array()))
    EXPECT_TRUE(value.contains(key.get<std::string>())) << name << " lacks " << key;
}

TEST(Schema, NamesTheKeysThatAreWritten) {
  JobSummary summary;
  expect_describes("JobSummary", Json::parse(to_json(summary)));
  summary.started = summary.ended = summary.expected = Time{1};
  summary.ending = Ending{};
  expect_describes("JobSummary", Json::parse(to_json(summary)));
  expect_describes("JobDetail", Json::parse(to_json(JobDetail{})));
  expect_describes("ServiceStatus", Json::parse(to_json(ServiceStatus{})));
  expect_describes("FeedPage", Json::parse(to_json(FeedPage{})));
  expect_describes("Error", Json::parse(to_json(Error{})));
}

TEST(Schema, AsksInWhatPeopleWriteForNothingThatMayBeLeftOut) {
  expect_describes("JobSpec", Json::parse(to_json(JobSpec{})));
  expect_describes("ReserveRequest", Json::parse(to_json(ReserveRequest{})));
  const Json schema = Json::parse(json_schemas());
  EXPECT_EQ(schema["JobSpec"]["required"], Json({"name", "command", "dir"}));
  EXPECT_EQ(schema["Command"]["required"], Json({"words"}));
  EXPECT_FALSE(schema["ReserveRequest"].contains("required"));
  EXPECT_TRUE(schema["JobSummary"].contains("required"));
}

TEST(Schema, AsksForEnoughToSubmitAJob) {
  const auto spec =
      from_json<JobSpec>(R"({"name":"a","dir":"/","command":{"shell":true,"words":["true"]}})");
  ASSERT_TRUE(spec.ok());
  EXPECT_TRUE(check(*spec).ok());
}

TEST(Schema, SaysWhichWordsAnEnumHas) {
  const Json schema = Json::parse(json_schemas());
  EXPECT_EQ(schema["GangPhase"]["enum"], Json({"waiting", "starting", "running", "ended"}));
  for (const char* name : {"JobSummary", "GangView", "TimeBar"})
    EXPECT_EQ(schema[name]["properties"]["phase"]["$ref"], "#/components/schemas/GangPhase");
  EXPECT_EQ(schema["JobDetail"]["properties"]["summary"]["$ref"],
            "#/components/schemas/JobSummary");
  EXPECT_FALSE(has_json_schema("Nothing"));
}

TEST(Schema, SaysHowLargeNumbersMayBe) {
  const Json schema = Json::parse(json_schemas());
  EXPECT_EQ(schema["TimeChart"]["properties"]["now"]["format"], "int64");
  EXPECT_EQ(schema["GangCells"]["properties"]["first"]["format"], "int64") << "beyond 2^31 too";
  EXPECT_EQ(schema["JobSpec"]["properties"]["priority"]["format"], "int32");
}

}  // namespace
}  // namespace gangline
