#include <gtest/gtest.h>

#include "control/controller_world.h"

namespace gangline {
namespace {

class Numbers : public Control {
 protected:
  Numbers() { world_.pass(milliseconds(100)); }  // until the node is written down

  Figures figures() {
    std::optional<Result<Figures>> answer;
    controller_->figures([&](auto given) { answer = std::move(given); });
    return **answer;
  }
  JobId end_one(EndCause cause, Span wait, Span run) {
    const auto job = submit(a_spec());
    world_.pass(wait);
    engine_->report(GangStarted{{job->id, 0}, 1, {}});
    const Time started = world_.now();
    world_.pass(run);
    Ending ending;
    ending.cause = cause;
    engine_->report(GangEnded{{job->id, 0}, 1, started, ending, false});
    world_.pass(milliseconds(200));
    return job->id;
  }
  static std::uint64_t ended(const QueueCounted& queue, EndCause cause) {
    for (const CausesCounted& one : queue.ended)
      if (one.cause == cause) return one.gangs;
    return 0;
  }
};

TEST_F(Numbers, JobsAreCountedByQueueAndCauseWithTheirWaitsAndRuns) {
  end_one(EndCause::done, seconds(5), seconds(30));
  end_one(EndCause::failed, Span{0}, seconds(100));
  const Figures now = figures();
  ASSERT_EQ(now.queues.size(), 1u);
  const QueueCounted& queue = now.queues[0];
  EXPECT_EQ(queue.queue, "normal");
  EXPECT_EQ(queue.submitted, 2u);
  EXPECT_EQ(queue.started, 2u);
  EXPECT_EQ(ended(queue, EndCause::done), 1u);
  EXPECT_EQ(ended(queue, EndCause::failed), 1u);
  EXPECT_NEAR(queue.waits.sum, 5, 0.5);
  EXPECT_NEAR(queue.runs.sum, 130, 0.5);
  EXPECT_EQ(now.counted, now.events);
  EXPECT_TRUE(now.queues_now.empty());
}

TEST_F(Numbers, CountersAreTheSameAfterARestartOfTheService) {
  end_one(EndCause::done, seconds(5), seconds(30));
  end_one(EndCause::failed, Span{0}, seconds(100));
  const Figures before = figures();
  begin(0);
  world_.pass(seconds(1));
  const Figures after = figures();
  EXPECT_EQ(after.queues, before.queues);
  EXPECT_EQ(after.counted, after.events);
}

TEST_F(Numbers, SumsThatWereStoredAreGoneOnFrom) {
  JobSpec spec = a_spec();
  spec.sweep = {{"n", {}}};
  for (int i = 0; i < 3'000; ++i) spec.sweep[0].values.push_back(std::to_string(i));
  const auto job = submit(spec);
  for (std::uint32_t i = 0; i < 3'000; ++i) engine_->start_and_end({job->id, i}, EndCause::done);
  world_.pass(seconds(1));
  end_one(EndCause::failed, Span{0}, seconds(1));
  const Figures before = figures();
  ASSERT_TRUE(store_->counts());
  EXPECT_GT(store_->counts()->up_to, 1'000u);
  begin(0);
  world_.pass(seconds(1));
  EXPECT_EQ(figures().queues, before.queues);
  EXPECT_EQ(ended(figures().queues[0], EndCause::done), 3'000u);
}

TEST_F(Numbers, GangsThatNeverRanAreCountedAllOfThem) {
  JobSpec spec = a_spec();
  spec.sweep = {{"n", {"1", "2", "3", "4", "5"}}};
  const auto job = submit(spec);
  const auto waiting = figures().queues_now.at(0);
  controller_->stop({job->id, {}, false, ""}, [](const auto&) {});
  world_.pass(milliseconds(200));
  EXPECT_EQ(ended(figures().queues[0], EndCause::stopped), waiting.gangs_waiting);
}

TEST_F(Numbers, WhatRunsIsNamedWithItsJobAndOwner) {
  const auto job = submit(a_spec("train"));
  EXPECT_EQ(figures().queues_now.at(0).gangs_starting, 1u);
  engine_->report(GangStarted{{job->id, 0}, 1, {}});
  const Figures now = figures();
  EXPECT_EQ(now.queues_now.at(0).gangs_running, 1u);
  EXPECT_EQ(now.queues_now.at(0).jobs_running, 1u);
  ASSERT_EQ(now.running.size(), 1u);
  EXPECT_EQ(now.running[0].name, "train");
  EXPECT_EQ(now.running[0].owner, "anna");
  EXPECT_EQ(now.running[0].node, "a");
  EXPECT_EQ(now.running_left_out, 0u);
  ASSERT_EQ(now.nodes.size(), 1u);
}

}  // namespace
}  // namespace gangline
