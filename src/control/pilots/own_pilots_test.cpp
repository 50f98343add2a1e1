// Jobs that run on nodes of a pilot by themselves.
#include <gtest/gtest.h>

#include "control/controller_world.h"

namespace gangline {
namespace {

class OwnPilot : public Control {
 protected:
  OwnPilot() {
    engine_->own_pilot = PilotRequest{};
    engine_->own_pilot->time = hours(1);
    engine_->own_pilot->nodes = 2;
  }
  static JobSpec a_short_spec() {
    JobSpec spec = a_spec();
    spec.time = seconds(10);
    return spec;
  }
  /// So that what comes next waits.
  void fill_the_node() {
    JobSpec all = a_spec("all");
    all.pilot_said_by = PilotSaidBy::person;
    all.resources.alternatives[0].cpus = whole_cpus(2);
    ASSERT_TRUE(submit(all));
  }
  JobSpec kept(JobId job) {
    std::optional<Result<JobDetail>> answer;
    controller_->show(job, 0, 10, [&](auto given) { answer = std::move(given); });
    return (*answer)->spec;
  }
};

TEST_F(OwnPilot, IsAskedForOnceHoweverManyJobsWantIt) {
  const auto first = submit(a_short_spec());
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->note.has_value());
  EXPECT_TRUE(kept(first->id).pilot);
  EXPECT_EQ(kept(first->id).pilot_said_by, PilotSaidBy::service);
  ASSERT_EQ(engine_->asked_pilots.size(), 1u);
  EXPECT_EQ(engine_->asked_pilots[0].nodes, 2u);
  ASSERT_TRUE(submit(a_short_spec()));
  world_.pass(minutes(5));
  EXPECT_EQ(engine_->asked_pilots.size(), 1u);
}

TEST_F(OwnPilot, IsNotForJobsThatSayThemselvesWhereTheyRun) {
  JobSpec spec = a_short_spec();
  spec.pilot_said_by = PilotSaidBy::person;
  const auto no = submit(spec);
  ASSERT_TRUE(no);
  EXPECT_FALSE(kept(no->id).pilot);
  EXPECT_FALSE(no->note.has_value());
  spec.pilot = true;
  EXPECT_FALSE(submit(spec)->note.has_value());
  world_.pass(minutes(1));
  EXPECT_TRUE(engine_->asked_pilots.empty());
}

TEST_F(OwnPilot, ThatSomebodySaysTheServiceChoseIsTheirOwnWord) {
  JobSpec spec = a_short_spec();
  spec.pilot_said_by = PilotSaidBy::service;
  const auto job = submit(spec);
  EXPECT_FALSE(kept(job->id).pilot);
  EXPECT_EQ(kept(job->id).pilot_said_by, PilotSaidBy::person);
}

TEST_F(OwnPilot, IsNotAskedForWhereOneLivesThatCouldTakeTheJob) {
  engine_->living_pilots.emplace_back().request = *engine_->own_pilot;
  fill_the_node();
  ASSERT_TRUE(submit(a_short_spec()));
  EXPECT_TRUE(engine_->asked_pilots.empty());
  // Near its end it takes nothing that would not end before.
  engine_->living_pilots[0].phase = PilotPhase::running;
  engine_->living_pilots[0].ends = world_.now() + seconds(82);
  world_.pass(seconds(2));
  EXPECT_EQ(engine_->asked_pilots.size(), 1u);
}

TEST_F(OwnPilot, IsAskedForAgainWhenItHasGoneAndMoreAndMoreRarely) {
  fill_the_node();
  ASSERT_TRUE(submit(a_short_spec()));
  for (PilotView& pilot : engine_->living_pilots) pilot.phase = PilotPhase::ended;
  world_.pass(seconds(5));
  EXPECT_EQ(engine_->asked_pilots.size(), 1u);
  world_.pass(seconds(6));
  EXPECT_EQ(engine_->asked_pilots.size(), 2u);
  for (PilotView& pilot : engine_->living_pilots) pilot.phase = PilotPhase::ended;
  world_.pass(seconds(15));
  EXPECT_EQ(engine_->asked_pilots.size(), 2u);
  world_.pass(seconds(7));
  EXPECT_EQ(engine_->asked_pilots.size(), 3u);
}

TEST_F(OwnPilot, ThatIsRefusedIsToldAsTheReason) {
  engine_->no_pilot = Error{ErrorKind::refused, "your account may not be used", "sbatch", ""};
  fill_the_node();
  const auto job = submit(a_short_spec());
  ASSERT_TRUE(job);
  EXPECT_EQ(line(job->id).reason,
            "no pilot; one was asked for, and sbatch: your account may not be used; it is asked "
            "for again after 10s");
  EXPECT_EQ(engine_->asked_pilots.size(), 1u);
}

TEST_F(OwnPilot, IsFoundToBeMissingByTheNextService) {
  settings_.idle_exit = hours(1);
  JobSpec first = a_spec("first");
  first.pilot_said_by = PilotSaidBy::person;
  first.resources.alternatives[0].cpus = whole_cpus(2);
  ASSERT_TRUE(submit(first));
  fill_the_node();
  JobSpec spec = a_short_spec();
  spec.after = {"first"};
  ASSERT_TRUE(submit(spec));
  world_.pass(seconds(3));
  EXPECT_TRUE(engine_->asked_pilots.empty());  // it comes after another
  begin(0);
  engine_->own_pilot = PilotRequest{};
  engine_->own_pilot->time = hours(1);
  engine_->start_and_end({{1}, 0}, EndCause::done);
  world_.pass(seconds(3));
  EXPECT_EQ(engine_->asked_pilots.size(), 1u);
}

}  // namespace
}  // namespace gangline
