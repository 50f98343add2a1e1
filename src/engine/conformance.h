// What every engine must do, as tests: one source of an engine's test program includes this and
// instantiates EngineConformance with a way to make its ConformanceWorld.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>

#include "engine/conformance_world.h"

namespace gangline {

class EngineConformance
    : public ::testing::TestWithParam<std::function<std::unique_ptr<ConformanceWorld>()>> {
 protected:
  EngineConformance() : world(GetParam()()), ear(*world) {}
  void SetUp() override {
    if (const std::string missing = world->missing(); !missing.empty()) GTEST_SKIP() << missing;
  }
  bool places() { return world->engine().places(*world->order({1}, 1, {}).job.spec); }
  std::unique_ptr<ConformanceWorld> world;
  ConformanceEar ear;
};

TEST_P(EngineConformance, a_gang_starts_once_and_ends_once) {
  world->engine().start(world->order({1}, 1, {}));
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  EXPECT_EQ(ear.starts.size(), 1u);
  const GangEnded& end = ear.ends.at({{{1}, 0}, 1});
  EXPECT_EQ(end.ending.cause, EndCause::done);
  EXPECT_GT(end.started.us, 0);
}

TEST_P(EngineConformance, a_failure_is_told_with_its_code) {
  world->engine().start(world->order({1}, 1, {.exit_code = 3}));
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  EXPECT_EQ(ear.ends.at({{{1}, 0}, 1}).ending.cause, EndCause::failed);
  EXPECT_EQ(ear.ends.at({{{1}, 0}, 1}).ending.exit_code, 3);
}

TEST_P(EngineConformance, what_cannot_start_is_told_and_never_ran) {
  world->engine().start(world->order({1}, 1, {.exists = false}));
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  const GangEnded& end = ear.ends.at({{{1}, 0}, 1});
  EXPECT_EQ(end.ending.cause, EndCause::not_started);
  EXPECT_EQ(end.started.us, 0);
  EXPECT_FALSE(end.ending.detail.empty());
}

TEST_P(EngineConformance, asking_twice_starts_once) {
  const StartOrder order = world->order({1}, 1, {.runs = milliseconds(50)});
  world->engine().start(order);
  world->engine().start(order);
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  // A later gang ends after whatever the second asking might have started.
  world->engine().start(world->order({2}, 1, {.runs = milliseconds(100)}));
  ASSERT_TRUE(ear.hear_end_of({{2}, 0}));
  EXPECT_EQ(ear.starts.size(), 2u);
  EXPECT_TRUE(ear.ended_twice.empty());
}

TEST_P(EngineConformance, turns_come_one_after_the_other_in_order) {
  if (places()) GTEST_SKIP() << "nothing takes turns where the engine places";
  // Many: what is forgotten between two of them is seldom seen.
  constexpr std::uint32_t turns = 30;
  StartOrder order = world->order({1}, turns, {});
  order.count = turns;
  world->engine().start(order);
  ASSERT_TRUE(ear.hear_end_of({{1}, turns - 1}));
  ASSERT_EQ(ear.starts.size(), turns);
  for (std::uint32_t i = 0; i < turns; ++i) EXPECT_EQ(ear.starts[i].first.index, i);
}

TEST_P(EngineConformance, a_stop_ends_a_running_gang_with_its_reason) {
  world->engine().start(world->order({1}, 1, {.runs = hours(1)}));
  ASSERT_TRUE(ear.hear_until([&] { return !ear.starts.empty(); }));
  world->engine().stop({{{1}, 0}, EndCause::stopped, "stopped by anna", false});
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  EXPECT_EQ(ear.ends.at({{{1}, 0}, 1}).ending.cause, EndCause::stopped);
  EXPECT_EQ(ear.ends.at({{{1}, 0}, 1}).ending.detail, "stopped by anna");
}

TEST_P(EngineConformance, a_stop_at_once_ends_what_ignores_the_signal) {
  world->engine().start(world->order({1}, 1, {.runs = hours(1), .ignores_stop = true}));
  ASSERT_TRUE(ear.hear_until([&] { return !ear.starts.empty(); }));
  world->engine().stop({{{1}, 0}, EndCause::stopped, "", false});
  world->engine().stop({{{1}, 0}, EndCause::stopped, "", true});
  EXPECT_TRUE(ear.hear_end_of({{1}, 0}));
}

TEST_P(EngineConformance, a_stop_of_a_turn_that_has_not_come_ends_it_without_a_run) {
  if (places()) GTEST_SKIP() << "nothing takes turns where the engine places";
  StartOrder order = world->order({1}, 2, {.runs = milliseconds(300)});
  order.count = 2;
  world->engine().start(order);
  ASSERT_TRUE(ear.hear_until([&] { return !ear.starts.empty(); }));
  world->engine().stop({{{1}, 1}, EndCause::stopped, "", false});
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}) && ear.hear_end_of({{1}, 1}));
  EXPECT_EQ(ear.ends.at({{{1}, 1}, 1}).ending.cause, EndCause::stopped);
  EXPECT_EQ(ear.ends.at({{{1}, 1}, 1}).started.us, 0);
  EXPECT_EQ(ear.starts.size(), 1u);
}

TEST_P(EngineConformance, a_stop_of_an_unknown_gang_is_ignored) {
  world->engine().stop({{{99}, 0}, EndCause::stopped, "", false});
  world->engine().start(world->order({1}, 1, {}));
  EXPECT_TRUE(ear.hear_end_of({{1}, 0}));
  EXPECT_EQ(ear.ends.size(), 1u);
}

TEST_P(EngineConformance, returned_turns_are_told_and_do_not_run) {
  if (places()) GTEST_SKIP() << "nothing takes turns where the engine places";
  StartOrder order = world->order({1}, 4, {.runs = milliseconds(300)});
  order.count = 4;
  world->engine().start(order);
  ASSERT_TRUE(ear.hear_until([&] { return !ear.starts.empty(); }));
  world->engine().return_turns({1}, 0, 4);
  ASSERT_TRUE(ear.hear_until([&] { return !ear.returned.empty(); }));
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  EXPECT_EQ(ear.returned, (std::set<std::uint32_t>{1, 2, 3}));
  EXPECT_EQ(ear.starts.size(), 1u);

  // They were never begun, so the same attempt may be asked for again.
  order.first = 1;
  order.count = 1;
  world->engine().start(order);
  EXPECT_TRUE(ear.hear_end_of({{1}, 1}));
}

TEST_P(EngineConformance, another_attempt_is_another_start) {
  StartOrder order = world->order({1}, 1, {.exit_code = 1});
  world->engine().start(order);
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  order.attempt = 2;
  world->engine().start(order);
  EXPECT_TRUE(ear.hear_until([&] { return ear.ends.contains({{{1}, 0}, 2}); }));
}

TEST_P(EngineConformance, news_that_nobody_acknowledged_come_again_after_a_crash_of_the_service) {
  ear.acknowledges = false;
  const StartOrder order = world->order({1}, 1, {});
  world->engine().start(order);
  ASSERT_TRUE(ear.hear_end_of({{1}, 0}));
  // The new service has stored nothing of it.
  world->restart("", {order});
  ConformanceEar second(*world);
  ASSERT_TRUE(second.hear_end_of({{1}, 0}));
  EXPECT_EQ(second.starts.size(), 1u);
  EXPECT_TRUE(second.ended_twice.empty());
}

TEST_P(EngineConformance, a_gang_goes_on_while_the_service_is_away) {
  const StartOrder order = world->order({1}, 1, {.runs = milliseconds(200)});
  world->engine().start(order);
  ASSERT_TRUE(ear.hear_until([&] { return !ear.starts.empty(); }));
  world->restart(ear.cursor, {order});
  ConformanceEar second(*world);
  ASSERT_TRUE(second.hear_end_of({{1}, 0}));
  EXPECT_TRUE(second.starts.empty());
  EXPECT_EQ(second.ends.at({{{1}, 0}, 1}).ending.cause, EndCause::done);
}

TEST_P(EngineConformance, a_start_that_was_stored_and_not_asked_is_asked_by_resume) {
  world->restart("", {world->order({1}, 1, {})});
  EXPECT_TRUE(ear.hear_end_of({{1}, 0}));
}

}  // namespace gangline
