#include "json/json.h"

#include <gtest/gtest.h>

#include <random>

namespace gangline {
namespace {

JobSpec full_spec() {
  JobSpec spec;
  spec.name = "resnet";
  spec.command = {true, {"python3 train.py --lr {lr}"}};
  spec.resources.tasks = 2;
  spec.resources.alternatives = {
      {DeviceRequest{DeviceKind::gpu, 1, Share{500}, "nvidia", "H100", gibibytes(24)},
       whole_cpus(4), gibibytes(16)},
      {std::nullopt, whole_cpus(16), {}}};
  spec.time = hours(2);
  spec.retry_on = {RetryOn::lost, RetryOn::memory};
  spec.env = {{"KEY", "value"}, {"BYTES", "\xff\x01"}};
  spec.sweep = {{"lr", {"0.1", "0.01"}}};
  spec.split =
      Split{SplitKind::lines, "/data/urls", Bytes{100}, Time{5}, {{"", 0, 50}, {"", 50, 100}}};
  spec.gather = Command{false, {"cat", "{outputs}"}};
  spec.launcher = TeamLauncher::mpi;
  return spec;
}

TEST(Json, AJobSpecComesBackAsItWentAlsoWithBytesThatAreNoText) {
  const JobSpec spec = full_spec();
  const auto back = from_json<JobSpec>(to_json(spec));
  ASSERT_TRUE(back) << back.error().sentence();
  EXPECT_EQ(*back, spec);
}

TEST(Json, AnEventComesBackAsItWent) {
  auto allocation = std::make_shared<Allocation>();
  allocation->parts = {{NodeId{1}, {{0, {{3, Share{250}}}, CpuSet::of({0, 1, 9}), gibibytes(1)}}}};
  const Event event{Time{42}, StartAsked{JobId{7}, 3, 2, 1, allocation, "boot"}};
  const auto back = from_json<Event>(to_json(event));
  ASSERT_TRUE(back) << back.error().sentence();
  EXPECT_EQ(back->at, event.at);
  const auto& asked = std::get<StartAsked>(back->body);
  EXPECT_EQ(asked.first, 3u);
  EXPECT_EQ(*asked.allocation, *allocation);
  EXPECT_EQ(asked.boot, "boot");
}

TEST(Json, AReadingThatIsUnknownIsMissingAndStaysUnknown) {
  NodeView view;
  view.sample = NodeSample{Time{1}, {DeviceSample{}}};
  const std::string text = to_json(std::vector{view});
  EXPECT_EQ(text.find("power"), std::string::npos);
  EXPECT_FALSE((*from_json<std::vector<NodeView>>(text))[0].sample->devices[0].power);
}

TEST(Json, AWrongTypeOrRangeIsNamed) {
  EXPECT_NE(from_json<JobSpec>(R"({"retries":-1})").error().what.find("retries"),
            std::string::npos);
  EXPECT_NE(from_json<JobSpec>(R"({"resources":{"tasks":5000000000}})").error().what.find("tasks"),
            std::string::npos);
  EXPECT_FALSE(from_json<JobSpec>("[]"));
  EXPECT_FALSE(from_json<JobSpec>("{"));
  EXPECT_FALSE(from_json<Event>(R"({"at":1,"body":{"kind":"no_such"}})"));
}

std::string told_of(std::string_view text) {
  const auto spec = request_from_json<JobSpec>(text);
  return spec ? "" : spec.error().sentence();
}

TEST(Json, WhatIsAskedForHasNoKeyThatWouldBePassedOver) {
  EXPECT_EQ(told_of(to_json(full_spec())), "");
  EXPECT_EQ(told_of(R"({"name":"x","comand":{"words":["true"]}})"),
            "unknown key 'comand'; did you mean 'command'?");
  EXPECT_EQ(told_of(R"({"resources":{"gpus":2}})"), "resources: unknown key 'gpus'");
  EXPECT_EQ(told_of(R"({"resources":{"tasks":-1}})"),
            "resources: the value of 'tasks' makes no sense: it is a whole number from 0 to "
            "4294967295");
  EXPECT_EQ(told_of(R"({"command":{"words":"true"}})"),
            "command: the value of 'words' makes no sense: it is a list, each of it text");
  EXPECT_EQ(told_of(R"({"command":["true"]})"),
            "the value of 'command' makes no sense: it is an object");
  EXPECT_EQ(told_of("[]"), "this is not the JSON expected here, it is an object");
}

TEST(Json, AKeyOfANewerGanglineIsIgnored) {
  EXPECT_EQ(from_json<Submitted>(R"({"id":4,"gangs":2,"colour":"red"})")->id, JobId{4});
}

TEST(Json, RandomDamageIsAnErrorOrAValueButNeverACrash) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string whole = to_json(full_spec());
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = whole;
    for (int k = 0; k < 3; ++k) damaged[random() % damaged.size()] = static_cast<char>(random());
    const auto back = from_json<JobSpec>(damaged);
    if (back) {
      EXPECT_FALSE(to_json(*back).empty());
    }
  }
}

}  // namespace
}  // namespace gangline
