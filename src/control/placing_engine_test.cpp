// The cycle around an engine that chooses the places itself.
#include <gtest/gtest.h>

#include "base/text.h"
#include "control/controller_world.h"

namespace gangline {
namespace {

class PlacingEngine : public Control {
 protected:
  PlacingEngine() { engine_->places_itself = true; }

  static JobSpec a_sweep(std::uint32_t gangs) {
    JobSpec spec = a_spec();
    spec.sweep = {{"n", {}}};
    for (std::uint32_t n = 0; n < gangs; ++n) spec.sweep[0].values.push_back(std::to_string(n));
    return spec;
  }
  static JobSpec after(const Submitted& other) {
    JobSpec spec = a_spec("report");
    spec.after = {format(other.id)};
    return spec;
  }
  static std::shared_ptr<const Allocation> on_node(std::uint32_t node) {
    Allocation allocation;
    allocation.parts = {{NodeId{node}, {TaskPlace{}}}};
    return std::make_shared<const Allocation>(allocation);
  }
  WhyAnswer why(JobId job) {
    std::optional<Result<WhyAnswer>> answer;
    controller_->why(job, [&](auto given) { answer = std::move(given); });
    return **answer;
  }
};

TEST_F(PlacingEngine, IsHandedAllGangsOfASweepAtOnceHoweverManyFit) {
  const auto job = submit(a_sweep(50));
  ASSERT_TRUE(job);
  ASSERT_EQ(engine_->starts.size(), 1u);
  EXPECT_EQ(engine_->starts[0].count, 50u);
  EXPECT_TRUE(engine_->starts[0].allocation->parts.empty());
}

TEST_F(PlacingEngine, MayTakeWhatWouldNotFitOnTheNodesThatAreSeen) {
  JobSpec spec = a_spec();
  spec.resources.alternatives[0].cpus = whole_cpus(1'000);
  EXPECT_TRUE(submit(spec));
}

TEST_F(PlacingEngine, DoesNotHaveANodeAnyMoreThatWasLentAndWentBackEarly) {
  Node lent;
  lent.name = "n1/pilot";
  lent.until = world_.now() + hours(1);
  engine_->lent = {lent};
  engine_->report(NodeSeen{NodeId{}, lent});
  world_.pass(milliseconds(60));
  const auto seen = [&] {
    std::optional<std::vector<NodeView>> nodes;
    controller_->nodes([&](const auto& given) { nodes = *given; });
    return nodes->back().node;
  };
  EXPECT_EQ(seen().name, "n1/pilot");
  EXPECT_TRUE(seen().up);
  engine_->lent.clear();
  engine_->report(NodeSeen{NodeId{}, lent});
  world_.pass(milliseconds(60));
  EXPECT_FALSE(seen().up);
  EXPECT_LE(*seen().until, world_.now());
}

TEST_F(PlacingEngine, SaysWhichAlternativeItTook) {
  JobSpec spec = a_spec();
  spec.resources.alternatives.assign(2, spec.resources.alternatives[0]);
  spec.resources.alternatives[1].cpus = whole_cpus(3);
  const auto job = submit(spec);
  ASSERT_TRUE(job);
  EXPECT_EQ(line(job->id).taken, "");
  Allocation got = *on_node(0);
  got.alternative = 1;
  engine_->report(GangStarted{{job->id, 0}, 1, {}, std::make_shared<const Allocation>(got)});
  world_.pass(milliseconds(60));
  EXPECT_EQ(line(job->id).taken, "3 cpus");
}

TEST_F(PlacingEngine, KnowsQueuesThatOurConfigDoesNot) {
  JobSpec spec = a_spec();
  spec.queue = "a partition";
  EXPECT_TRUE(submit(spec));
}

TEST_F(PlacingEngine, SaysWhyAGangWaitsThatItWasHanded) {
  engine_->wait = {"Slurm job 17 waits for free nodes", Time{seconds(2'000'000).us}};
  const auto job = submit(a_spec());
  ASSERT_TRUE(job);
  EXPECT_EQ(line(job->id).phase, GangPhase::waiting);
  EXPECT_EQ(line(job->id).waiting, 1u);
  EXPECT_EQ(line(job->id).reason, "Slurm job 17 waits for free nodes");
  EXPECT_EQ(shown({job->id, 0}).phase, GangPhase::waiting);
  EXPECT_EQ(why(job->id).reason, "Slurm job 17 waits for free nodes");
  EXPECT_EQ(why(job->id).expected, Time{seconds(2'000'000).us});
}

TEST_F(PlacingEngine, SaysWhereAGangRunsAndThatIsKept) {
  const auto job = submit(a_sweep(2));
  ASSERT_TRUE(job);
  world_.pass(seconds(1));
  engine_->report(GangStarted{{job->id, 1}, 1, {}, on_node(0)});
  EXPECT_EQ(line(job->id).running, 1u);
  EXPECT_EQ(line(job->id).waiting, 1u);
  EXPECT_EQ(shown({job->id, 1}).allocation, *on_node(0));
  Ending ending;
  engine_->report(GangEnded{{job->id, 1}, 1, world_.now(), ending, false});
  world_.pass(milliseconds(60));
  EXPECT_EQ(shown({job->id, 1}).allocation, *on_node(0));
}

TEST_F(PlacingEngine, IsHandedTheJobThatComesAfterAnotherAtOnceAndToldWhenThatHasEndedWell) {
  const auto first = submit(a_spec());
  const auto second = submit(after(*first));
  const auto third = submit(after(*second));
  ASSERT_EQ(engine_->starts.size(), 3u);
  EXPECT_TRUE(engine_->starts[0].after.empty());
  EXPECT_EQ(engine_->starts[1].after, std::vector{first->id});
  EXPECT_EQ(engine_->starts[2].after, std::vector{second->id});
  engine_->start_and_end({first->id, 0}, EndCause::done);
  ASSERT_EQ(engine_->starts.size(), 4u);
  EXPECT_EQ(engine_->starts[3].job.id, second->id);
  EXPECT_TRUE(engine_->starts[3].after.empty());
}

TEST_F(PlacingEngine, StopsWhatWaitsForAJobThatDidNotEndWell) {
  const auto first = submit(a_spec());
  const auto second = submit(after(*first));
  const auto third = submit(after(*second));
  engine_->start_and_end({first->id, 0}, EndCause::failed, 1, 3);
  EXPECT_EQ(engine_->stops.size(), 2u);
  for (const JobId job : {second->id, third->id}) {
    EXPECT_EQ(line(job).phase, GangPhase::ended);
    EXPECT_EQ(shown({job, 0}).ending->cause, EndCause::dependency);
  }
  world_.pass(milliseconds(60));
  begin(0);
  EXPECT_TRUE(engine_->resumed.empty());
}

TEST_F(PlacingEngine, GoesOnWaitingForAJobThatIsTriedAgain) {
  JobSpec tried = a_spec();
  tried.retries = 1;
  tried.retry_on = {RetryOn::failure};
  const auto first = submit(tried);
  const auto second = submit(after(*first));
  engine_->start_and_end({first->id, 0}, EndCause::failed, 1, 3);
  ASSERT_EQ(engine_->starts.size(), 3u);
  EXPECT_EQ(engine_->starts[2].attempt, 2u);
  EXPECT_TRUE(engine_->stops.empty());
  world_.pass(milliseconds(60));
  begin(0);
  ASSERT_EQ(engine_->resumed.size(), 2u);
  EXPECT_EQ(engine_->resumed[1].after, std::vector{first->id});
}

TEST_F(PlacingEngine, IsHandedAGatherBesideTheGangsThatItComesAfter) {
  JobSpec spec = a_sweep(2);
  spec.gather = Command{false, {"echo"}};
  const auto job = submit(spec);
  ASSERT_EQ(engine_->starts.size(), 2u);
  EXPECT_EQ(engine_->starts[1].first, 2u);
  EXPECT_EQ(engine_->starts[1].after, std::vector{job->id});
  engine_->start_and_end({job->id, 0}, EndCause::done);
  EXPECT_EQ(engine_->starts.size(), 2u);
  engine_->start_and_end({job->id, 1}, EndCause::done);
  ASSERT_EQ(engine_->starts.size(), 3u);
  EXPECT_TRUE(engine_->starts[2].after.empty());
}

TEST_F(PlacingEngine, GoesOnKeepingAGatherBackWhenWhatItsWholeJobCameAfterHasEnded) {
  const auto first = submit(a_spec());
  JobSpec spec = a_sweep(2);
  spec.gather = Command{false, {"echo"}};
  spec.after = {format(first->id)};
  const auto job = submit(spec);
  ASSERT_EQ(engine_->starts.size(), 3u);
  engine_->start_and_end({first->id, 0}, EndCause::done);
  ASSERT_EQ(engine_->starts.size(), 5u);
  EXPECT_EQ(engine_->starts[3].count, 2u);
  EXPECT_TRUE(engine_->starts[3].after.empty());
  EXPECT_EQ(engine_->starts[4].first, 2u);
  EXPECT_EQ(engine_->starts[4].after, std::vector{job->id});
}

TEST_F(PlacingEngine, StopsAGatherWhoseGangsDidNotAllEndWell) {
  JobSpec spec = a_sweep(2);
  spec.gather = Command{false, {"echo"}};
  const auto job = submit(spec);
  engine_->start_and_end({job->id, 0}, EndCause::failed, 1, 3);
  ASSERT_EQ(engine_->stops.size(), 1u);
  EXPECT_EQ(engine_->stops[0].gang, (GangId{job->id, 2}));
  EXPECT_EQ(shown({job->id, 2}).ending->cause, EndCause::dependency);
}

TEST_F(PlacingEngine, IsNotHandedWhatComesAfterAJobThatItDoesNotPlace) {
  JobSpec in_pilot = a_spec();
  in_pilot.pilot = true;
  const auto first = submit(in_pilot);
  const auto second = submit(after(*first));
  ASSERT_EQ(engine_->starts.size(), 1u);
  EXPECT_EQ(line(second->id).phase, GangPhase::waiting);
}

TEST_F(PlacingEngine, KeepsWhatItWasHandedWhenOthersAreSubmittedOrTimePasses) {
  ASSERT_TRUE(submit(a_sweep(3)));
  engine_->report(GangStarted{{{1}, 0}, 1, {}, on_node(0)});
  ASSERT_TRUE(submit(a_spec()));
  world_.pass(seconds(5));
  EXPECT_TRUE(engine_->returned.empty());
}

TEST_F(PlacingEngine, IsAskedAgainForOneSweepAfterARestartOfTheService) {
  const auto job = submit(a_sweep(4));
  engine_->report(GangStarted{{job->id, 2}, 1, {}, on_node(0)});
  world_.pass(milliseconds(60));
  begin(0);
  ASSERT_EQ(engine_->resumed.size(), 1u);
  EXPECT_EQ(engine_->resumed[0].count, 4u);
  EXPECT_EQ(line(job->id).running, 1u);
}

TEST_F(PlacingEngine, IsAskedToStopWhatItWasHandedAndHasNotStarted) {
  const auto job = submit(a_spec());
  std::optional<Result<JobSummary>> answer;
  controller_->stop({job->id, {}, false, "anna"}, [&](auto given) { answer = std::move(given); });
  world_.settle();
  ASSERT_EQ(engine_->stops.size(), 1u);
  EXPECT_EQ(engine_->stops[0].gang, (GangId{job->id, 0}));
}

}  // namespace
}  // namespace gangline
