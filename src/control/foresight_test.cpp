#include "control/foresight.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

Time at(std::int64_t n) { return Time{seconds(n).us}; }

/// Jobs of one gang of one GPU, by number.
class World {
 public:
  void submit(std::uint64_t id, std::int64_t when, const std::string& name = "train",
              std::optional<Span> limit = {}) {
    JobSpec spec;
    spec.name = name;
    spec.time = limit;
    spec.resources.alternatives.front().devices.emplace();
    foresight.submitted({{id}, "ann", 0, at(when), std::make_shared<const JobSpec>(spec)},
                        at(when));
  }
  void start(std::uint64_t id, std::int64_t when) {
    foresight.started({{id}, 0}, at(when));
    foresight.none_waits({id});
  }
  void end(std::uint64_t id, std::int64_t run) {
    foresight.ended({{id}, 0}, seconds(run));
    foresight.forget({id});
  }
  /// Seconds; -1: nobody knows.
  double foretold(std::uint64_t id, std::int64_t now) {
    foresight.renewed(at(now));
    const auto run = foresight.run_of({id});
    return run ? to_seconds(*run) : -1;
  }

  Foresight foresight;
};

TEST(Foresight, KnowsNothingAtFirst) {
  World world;
  world.submit(1, 0);
  EXPECT_EQ(world.foretold(1, 0), -1);
}

TEST(Foresight, GoesByWhatEndedBefore) {
  World world;
  world.submit(1, 0);
  world.start(1, 0);
  world.end(1, 4'096);
  world.submit(2, 10'000);
  EXPECT_NEAR(world.foretold(2, 10'000), 4'096, 1);
}

TEST(Foresight, ThoseOfABatchThatRunForLongMakeTheRestLongToo) {
  World world;
  world.foresight.recall(to_run("ann", "train", "normal", ResourceRequest{}, {}), seconds(60));
  for (std::uint64_t id = 1; id <= 10; ++id) world.submit(id, 0);
  const double at_first = world.foretold(10, 0);
  EXPECT_NEAR(at_first, 60, 1);
  for (std::uint64_t id = 1; id <= 9; ++id) world.start(id, 0);
  EXPECT_GT(world.foretold(10, 36'000), 20 * at_first);
  // Who comes later is of another batch.
  world.submit(11, 36'000);
  EXPECT_NEAR(world.foretold(11, 36'000), 60, 1);
}

TEST(Foresight, RunsOfABatchThatEndedAreWhatTheRestWillRun) {
  World world;
  world.foresight.recall(to_run("ann", "train", "normal", ResourceRequest{}, {}), hours(10));
  for (std::uint64_t id = 1; id <= 9; ++id) world.submit(id, 0);
  for (std::uint64_t id = 1; id <= 8; ++id) world.start(id, 0);
  for (std::uint64_t id = 1; id <= 8; ++id) world.end(id, 16);
  EXPECT_LT(world.foretold(9, 20), 60);
}

TEST(Foresight, ChangesAtWholeMultiplesOfItsStepWheneverItIsAsked) {
  World often, once;
  for (World* world : {&often, &once}) {
    for (std::uint64_t id = 1; id <= 5; ++id) world->submit(id, 0);
    for (std::uint64_t id = 1; id <= 4; ++id) world->start(id, 1);
  }
  double last = 0;
  for (std::int64_t now = 1; now <= 5'000; now += 7) last = often.foretold(5, now);
  EXPECT_EQ(last, once.foretold(5, 4'999));
}

TEST(Foresight, TellsWhoseRunIsAnotherNow) {
  World world;
  world.submit(1, 0, "one");
  world.start(1, 0);
  world.submit(2, 10, "one");
  world.submit(3, 10, "other");
  world.foresight.renewed(at(10));
  world.end(1, 100);
  EXPECT_EQ(world.foresight.renewed(at(100)), std::set<JobId>{{2}});
}

TEST(Foresight, ForetellsNoMoreThanTheLimit) {
  World world;
  world.foresight.recall(to_run("ann", "train", "normal", ResourceRequest{}, {}), hours(10));
  world.submit(1, 0, "train", minutes(5));
  EXPECT_LE(world.foretold(1, 0), 300);
}

TEST(Foresight, AnEndThatSaysNothingOfTheRunIsNotLearned) {
  GangEnded ended;
  ended.started = at(5);
  EXPECT_TRUE(tells_run_time(ended));
  ended.ending.cause = EndCause::lost;
  EXPECT_FALSE(tells_run_time(ended));
  ended.ending.cause = EndCause::failed;
  EXPECT_TRUE(tells_run_time(ended));
  ended.started = {};
  EXPECT_FALSE(tells_run_time(ended));
}

}  // namespace
}  // namespace gangline
