#include <gtest/gtest.h>

#include "control/controller_world.h"

namespace gangline {
namespace {

TEST_F(Control, AJobIsStartedAndItsEndIsStoredBeforeItIsAcknowledged) {
  const auto job = submit(a_spec());
  ASSERT_TRUE(job) << job.error().sentence();
  ASSERT_EQ(engine_->starts.size(), 1u);
  engine_->start_and_end({job->id, 0}, EndCause::done);
  EXPECT_EQ(engine_->acknowledged, "") << "facts wait a moment for company";
  world_.pass(milliseconds(60));
  EXPECT_EQ(line(job->id).phase, GangPhase::ended);
  EXPECT_EQ(store_->cursor(), engine_->acknowledged);
  EXPECT_EQ(engine_->acknowledged, "2");
}

TEST_F(Control, WhatWasUsedIsStoredWithTheEndsAndAddedToAfterARestart) {
  const auto run_for = [&](Span span) {
    const auto job = submit(a_spec());
    ASSERT_TRUE(job);
    world_.pass(span);
    engine_->start_and_end({job->id, 0}, EndCause::done);
    world_.pass(milliseconds(60));
  };
  run_for(seconds(100));
  auto used = store_->past_use();
  ASSERT_TRUE(used) << used.error().sentence();
  ASSERT_EQ(used->size(), 1u);
  EXPECT_EQ(used->front().queue, "normal");
  EXPECT_EQ(used->front().owner, "anna");
  EXPECT_NEAR(static_cast<double>(used->front().device_ms), 12'500,
              20);  // of 8 CPUs, which count as a device
  begin(0);
  run_for(seconds(100));
  used = store_->past_use();
  ASSERT_TRUE(used);
  ASSERT_EQ(used->size(), 1u);
  EXPECT_NEAR(static_cast<double>(used->front().device_ms), 25'000, 40);
}

TEST_F(Control, AJobThatNeverFitsTheLimitOfItsQueueIsRefused) {
  Settings settings;
  settings.queues.front().limit.cpus = 1;
  controller_ = std::make_unique<Controller>(
      world_, *store_, *engine_, ControllerSettings{settings, "anna", 1000, 1, "1", dir_, false},
      [] {});
  ASSERT_TRUE(controller_->begin());
  world_.settle();
  JobSpec spec = a_spec();
  spec.resources.alternatives[0].cpus = whole_cpus(2);
  const auto refused = submit(spec);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what,
            "it wants 2 cpus at once, and the limit of queue normal is 1 cpu");
  ASSERT_TRUE(submit(a_spec()));
  const auto second = submit(a_spec());
  ASSERT_TRUE(second);
  EXPECT_EQ(line(second->id).reason,
            "1 cpu wanted, and of the 1 that queue normal may hold at once 1 is held or promised; "
            "job 1 holds 1");
}

TEST_F(Control, AJobHasTheTimeOfItsQueueOrLess) {
  Settings settings;
  settings.queues.front().time = hours(2);
  controller_ = std::make_unique<Controller>(
      world_, *store_, *engine_, ControllerSettings{settings, "anna", 1000, 1, "1", dir_, false},
      [] {});
  ASSERT_TRUE(controller_->begin());
  world_.settle();
  JobSpec spec = a_spec();
  spec.time = hours(3);
  EXPECT_EQ(submit(spec).error().sentence(),
            "time: a job of queue normal may run for 2h00m at most, and this one asks for 3h00m; "
            "ask for less, or name another queue");
  spec.time.reset();
  ASSERT_TRUE(submit(spec));
  EXPECT_EQ(engine_->starts.back().job.spec->time, hours(2));
  spec.time = hours(1);
  ASSERT_TRUE(submit(spec));
  EXPECT_EQ(engine_->starts.back().job.spec->time, hours(1));
}

TEST_F(Control, AsManyGangsRunAsFitAndTheNextStartsWhenOneEnds) {
  JobSpec spec = a_spec();
  spec.sweep = {{"x", {"1", "2", "3", "4"}}};
  const auto job = submit(spec);
  EXPECT_EQ(engine_->starts.size(), 2u);
  engine_->start_and_end({job->id, 0}, EndCause::done);
  ASSERT_GE(engine_->starts.size(), 3u);
  EXPECT_EQ(engine_->starts[2].first, 2u);
}

TEST_F(Control, ShortGangsTakeTurnsAndTheTurnsGoBackWhenOneIsLongOrAnotherJobComes) {
  JobSpec spec = a_spec();
  spec.sweep = {{"x", std::vector<std::string>(100, "1")}};
  const auto job = submit(spec);
  // Two are known to be short; from then on several at a time are handed over.
  std::uint32_t ended = 0;
  while (engine_->starts.back().count == 1 && ended < 20) {
    engine_->report(GangStarted{{job->id, ended}, 1, {}});
    world_.pass(milliseconds(1));
    Ending well;
    engine_->report(GangEnded{{job->id, ended}, 1, world_.now() - milliseconds(1), well, false});
    ++ended;
  }
  const StartOrder turns = engine_->starts.back();
  ASSERT_GT(turns.count, 1u);
  engine_->report(GangStarted{{job->id, turns.first}, 1, {}});
  world_.pass(seconds(3));
  ASSERT_FALSE(engine_->returned.empty());
  EXPECT_EQ(engine_->returned[0].first, turns.first + 1);
  const auto before = line(job->id).waiting;
  engine_->report(TurnsReturned{job->id, turns.first + 1, turns.count - 1});
  EXPECT_GE(line(job->id).waiting + 1, before);
  EXPECT_EQ(line(job->id).ended_badly, 0u);
}

TEST_F(Control, AFailedGangStartsAgainOnlyAsOftenAsAskedFor) {
  JobSpec spec = a_spec();
  spec.retries = 1;
  const auto job = submit(spec);
  engine_->start_and_end({job->id, 0}, EndCause::lost);
  ASSERT_EQ(engine_->starts.size(), 2u);
  EXPECT_EQ(engine_->starts[1].attempt, 2u);
  engine_->start_and_end({job->id, 0}, EndCause::lost, 2);
  EXPECT_EQ(engine_->starts.size(), 2u);
  EXPECT_EQ(line(job->id).ended_badly, 1u);
}

TEST_F(Control, AProgramThatFailedDoesNotStartAgainUnlessRetryOnSaysSo) {
  JobSpec spec = a_spec();
  spec.retries = 3;
  const auto job = submit(spec);
  engine_->start_and_end({job->id, 0}, EndCause::failed, 1, 7);
  EXPECT_EQ(engine_->starts.size(), 1u);
  EXPECT_EQ(exit_code_of(*line(job->id).ending), 7);
}

TEST_F(Control, AReportThatComesTwiceCountsOnce) {
  const auto job = submit(a_spec());
  engine_->start_and_end({job->id, 0}, EndCause::done);
  engine_->start_and_end({job->id, 0}, EndCause::failed);
  EXPECT_EQ(line(job->id).ended_well, 1u);
  EXPECT_EQ(line(job->id).ended_badly, 0u);
}

TEST_F(Control, AJobThatComesAfterStartsWhenTheOtherEndedWell) {
  const auto first = submit(a_spec("prepare"));
  JobSpec spec = a_spec("train");
  spec.after = {"prepare"};
  const auto second = submit(spec);
  ASSERT_EQ(engine_->starts.size(), 1u);
  EXPECT_NE(line(second->id).reason.find('1'), std::string::npos);
  engine_->start_and_end({first->id, 0}, EndCause::done);
  ASSERT_EQ(engine_->starts.size(), 2u);
  EXPECT_EQ(engine_->starts[1].job.id, second->id);
}

TEST_F(Control, AJobThatComesAfterOneThatFailedEndsWithThatReasonAndSoDoThoseAfterIt) {
  const auto first = submit(a_spec("prepare"));
  JobSpec spec = a_spec("train");
  spec.after = {"prepare"};
  const auto second = submit(spec);
  spec.name = "report";
  spec.after = {"train"};
  const auto third = submit(spec);
  engine_->start_and_end({first->id, 0}, EndCause::failed, 1, 3);
  for (const JobId id : {second->id, third->id}) {
    EXPECT_EQ(line(id).phase, GangPhase::ended);
    EXPECT_EQ(line(id).ending->cause, EndCause::dependency);
  }
  EXPECT_FALSE(submit(spec)) << "nothing can come after a job that ended badly";
}

TEST_F(Control, AJobThatComesAfterOneWhoseEndIsNotOnDiskYetStarts) {
  const auto first = submit(a_spec("first"));
  engine_->start_and_end({first->id, 0}, EndCause::done);
  ASSERT_EQ(engine_->acknowledged, "") << "its end waits for company";
  JobSpec spec = a_spec("second");
  spec.after = {"first"};
  ASSERT_TRUE(submit(spec));
  world_.pass(milliseconds(100));
  EXPECT_EQ(engine_->starts.size(), 2u);
}

TEST_F(Control, AJobThatWasStoppedBeforeTheOneItComesAfterFailedKeepsItsOwnReason) {
  const auto first = submit(a_spec("first"));
  JobSpec spec = a_spec("second");
  spec.after = {"first"};
  const auto second = submit(spec);
  controller_->stop({second->id, {}, false, {}}, [](auto) {});
  world_.pass(milliseconds(100));
  engine_->start_and_end({first->id, 0}, EndCause::failed, 1, 3);
  world_.pass(milliseconds(100));
  EXPECT_EQ(line(second->id).ending->cause, EndCause::stopped);
  EXPECT_EQ(shown({second->id, 0}).ending->cause, EndCause::stopped);
}

TEST_F(Control, JobsFromOneEnvironmentHoldItOnceAlsoAfterARestart) {
  JobSpec spec = a_spec();
  for (const char* path : {"/bin", "/bin", "/usr/bin"}) {
    spec.inherited = {{"PATH", path}};
    spec.resources.alternatives[0].cpus = whole_cpus(2);
    ASSERT_TRUE(submit(spec));
  }
  begin(0);
  std::vector<Job> orders;
  for (int i = 1; i <= 3; ++i) {
    const auto& starts = i == 1 ? engine_->resumed : engine_->starts;
    ASSERT_FALSE(starts.empty());
    orders.push_back(starts.back().job);
    engine_->start_and_end({starts.back().job.id, 0}, EndCause::done);
  }
  const auto place = [&](std::size_t i) { return &orders[i].spec->inherited.vars(); };
  EXPECT_EQ(place(0), place(1));
  EXPECT_NE(place(0), place(2));
  EXPECT_EQ(orders[2].spec->inherited.vars()[0].second, "/usr/bin");
}

TEST_F(Control, AGatherRunsOnceAfterAllOthersAndNotIfOneFailed) {
  JobSpec spec = a_spec();
  spec.sweep = {{"x", {"1", "2"}}};
  spec.gather = Command{true, {"cat {outputs}"}};
  const auto well = submit(spec);
  engine_->start_and_end({well->id, 0}, EndCause::done);
  EXPECT_EQ(engine_->starts.size(), 2u);
  engine_->start_and_end({well->id, 1}, EndCause::done);
  ASSERT_EQ(engine_->starts.size(), 3u);
  EXPECT_EQ(engine_->starts[2].first, 2u);
  engine_->start_and_end({well->id, 2}, EndCause::done);
  EXPECT_EQ(line(well->id).ended_well, 3u);

  const auto badly = submit(spec);
  engine_->start_and_end({badly->id, 0}, EndCause::failed, 1, 1);
  engine_->start_and_end({badly->id, 1}, EndCause::done);
  EXPECT_EQ(engine_->starts.size(), 5u);
  EXPECT_EQ(line(badly->id).phase, GangPhase::ended);
  EXPECT_EQ(line(badly->id).ended_badly, 1u);
  EXPECT_EQ(line(badly->id).never_ran, 1u);
  EXPECT_EQ(shown({badly->id, 2}).ending->cause, EndCause::dependency);
  EXPECT_EQ(page(badly->id).at(2).ending->cause, EndCause::dependency);
}

TEST_F(Control, AStopEndsWhatWaitsAtOnceAndAsksForTheEndOfWhatRuns) {
  JobSpec spec = a_spec();
  spec.sweep = {{"x", {"1", "2", "3"}}};
  const auto job = submit(spec);
  controller_->stop({job->id, {}, false, {}}, [](auto) {});
  world_.settle();
  EXPECT_EQ(engine_->stops.size(), 2u);
  EXPECT_EQ(line(job->id).waiting, 0u);
  for (const std::uint32_t index : {0u, 1u})
    engine_->start_and_end({job->id, index}, EndCause::stopped);
  EXPECT_EQ(line(job->id).phase, GangPhase::ended);
  EXPECT_EQ(line(job->id).ending->detail, "stopped by anna");
}

TEST_F(Control, AGangThatEndedWhileItWaitedHasAnOutcomeOfItsOwn) {
  JobSpec spec = a_spec();
  spec.sweep = {{"x", {"1", "2", "3", "4"}}};
  spec.retries = 1;
  spec.retry_on = {RetryOn::failure};
  const auto job = submit(spec);
  controller_->stop({job->id, 3, false, {}}, [](auto) {});
  world_.settle();
  EXPECT_EQ(shown({job->id, 3}).ending->cause, EndCause::stopped);
  EXPECT_EQ(page(job->id).at(3).phase, GangPhase::ended) << "also while others run";

  engine_->start_and_end({job->id, 0}, EndCause::failed, 1, 5);  // it or the third waits now
  controller_->stop({job->id, {}, false, {}}, [](auto) {});
  world_.settle();
  for (const StartOrder& start : engine_->starts)
    engine_->start_and_end({job->id, start.first}, EndCause::stopped, start.attempt);
  EXPECT_EQ(line(job->id).phase, GangPhase::ended);
  const auto all = page(job->id);
  ASSERT_EQ(all.size(), 4u);
  for (const GangView& gang : all) {
    EXPECT_EQ(gang.phase, GangPhase::ended);
    EXPECT_EQ(gang.ending->cause, EndCause::stopped);
    EXPECT_EQ(shown(gang.id).phase, GangPhase::ended);
    EXPECT_EQ(shown(gang.id).ending->cause, EndCause::stopped);
  }
}

TEST_F(Control, AfterACrashNothingStartsTwiceAndWhatRanIsAskedForAgain) {
  JobSpec spec = a_spec();
  spec.sweep = {{"x", {"1", "2", "3"}}};
  const auto job = submit(spec);
  engine_->start_and_end({job->id, 0}, EndCause::done);
  engine_->report(GangStarted{{job->id, 1}, 1, {}});
  world_.pass(milliseconds(60));
  begin(0);
  EXPECT_TRUE(engine_->starts.empty());
  ASSERT_EQ(engine_->resumed.size(), 2u);
  EXPECT_EQ(engine_->resumed[0].first, 1u);
  EXPECT_EQ(engine_->resumed[1].first, 2u);
  EXPECT_EQ(engine_->resumed_cursor, "3");
  EXPECT_EQ(line(job->id).ended_well, 1u);
  EXPECT_EQ(line(job->id).running, 1u);
}

TEST_F(Control, RunTimesAreGuessedFromWhatEndedBeforeARestartAndWhatWaitsIsReadBack) {
  settings_.policy = "gang";
  begin(0);
  const auto first = submit(a_spec());
  engine_->report(GangStarted{{first->id, 0}, 1, {}});
  world_.pass(hours(1));
  engine_->report(GangEnded{{first->id, 0}, 1, world_.now() - hours(1), Ending{}, false});
  world_.pass(milliseconds(60));
  JobSpec wide = a_spec("wide");
  wide.resources.alternatives.front().cpus = whole_cpus(2);
  (void)submit(wide);
  const auto waits = submit(a_spec());
  begin(0);
  std::optional<Result<WhyAnswer>> why;
  controller_->why(waits->id, [&](auto given) { why = std::move(given); });
  ASSERT_TRUE(why && *why);
  EXPECT_EQ((**why).run_guessed.find("expected to run about 1h00m, by runs of that name by"), 0u)
      << (**why).run_guessed;
}

TEST_F(Control, AFullDiskRefusesSubmitsStartsNothingAndAllGoesOnWhenThereIsSpace) {
  JobSpec spec = a_spec();
  spec.sweep = {{"x", {"1", "2", "3"}}};
  const auto job = submit(spec);
  begin(30);  // reopened with nearly no room
  JobSpec large = a_spec("large");
  const std::string big(100'000, 'x');
  large.env = {{"BIG", big}, {"MORE", big}};
  const auto refused = submit(large);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::disk);
  engine_->start_and_end({job->id, 0}, EndCause::done);
  begin(0);  // there is room again
  world_.pass(seconds(2));
  EXPECT_EQ(submit(a_spec("small"))->gangs, 1u);
}

TEST_F(Control, AFullDiskIsTriedOnceASecondHoweverOftenSomebodyAsks) {
  const auto job = submit(a_spec());
  world_.pass(seconds(1));
  begin(30);
  Ending ending;
  ending.cause = EndCause::failed;
  ending.detail = std::string(200'000, 'x');
  engine_->report(GangStarted{{job->id, 0}, 1, {}});
  engine_->report(GangEnded{{job->id, 0}, 1, world_.now(), ending, false});
  const std::size_t calls = world_.calls_that_wait();
  for (int i = 0; i < 50; ++i) page(job->id);
  std::optional<Result<ServiceStatus>> status;
  controller_->status([&](auto given) { status = std::move(given); });
  ASSERT_TRUE(status && *status);
  EXPECT_NE((**status).trouble, "") << "it was meant to be full";
  EXPECT_LE(world_.calls_that_wait(), calls + 1);
}

TEST_F(Control, WhatCanNeverRunIsRefusedAndNothingIsStored) {
  JobSpec spec = a_spec();
  spec.resources.alternatives = {{DeviceRequest{}, whole_cpus(1), {}}};
  const auto refused = submit(spec);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().sentence().find("--gpus 0"), std::string::npos)
      << refused.error().sentence();
  EXPECT_EQ(store_->last_job(), 0u);
  spec = a_spec();
  spec.queue = "nihgt";
  EXPECT_NE(submit(spec).error().hint.find("normal"), std::string::npos);
}

TEST_F(Control, OnAMachineWithDevicesNothingStartsBeforeTheirFirstReadingAndAllRightAfterIt) {
  engine_->reads_devices = false;
  engine_->find_gpu();
  ASSERT_TRUE(submit(a_gpu_spec()));
  world_.pass(seconds(1));
  EXPECT_EQ(engine_->starts.size(), 0u);
  engine_->reads_devices = true;  // it found nobody outside Gangline, so it is no news
  world_.pass(milliseconds(100));
  EXPECT_EQ(engine_->starts.size(), 1u);
}

TEST_F(Control, ADeviceThatCannotBeReadHoldsUpNothingForLong) {
  engine_->reads_devices = false;
  engine_->find_gpu();
  ASSERT_TRUE(submit(a_gpu_spec()));
  world_.pass(seconds(6));
  EXPECT_EQ(engine_->starts.size(), 1u);
}

TEST_F(Control, AJobForCpusAloneWaitsForNoReading) {
  engine_->reads_devices = false;
  engine_->find_gpu();
  ASSERT_TRUE(submit(a_spec()));
  world_.pass(milliseconds(100));
  EXPECT_EQ(engine_->starts.size(), 1u);
}

TEST_F(Control, WhileDevicesAreAskedForOnlyQuestionsAboutThemWait) {
  engine_->asks = true;
  std::optional<Result<Submitted>> with_gpu;
  std::optional<std::vector<NodeView>> nodes;
  controller_->submit(a_gpu_spec(), [&](auto answer) { with_gpu = std::move(answer); });
  controller_->nodes([&](auto answer) { nodes = *std::move(answer); });
  ASSERT_TRUE(submit(a_spec()));
  world_.pass(seconds(1));
  EXPECT_EQ(engine_->starts.size(), 1u);
  EXPECT_FALSE(with_gpu);
  EXPECT_FALSE(nodes);

  engine_->asks = false;
  engine_->find_gpu();
  world_.pass(milliseconds(10));
  ASSERT_TRUE(with_gpu && nodes);
  EXPECT_TRUE(with_gpu->ok());
  EXPECT_EQ(nodes->at(0).node.devices.size(), 1u);
}

TEST_F(Control, JobsSubmittedAtOnceCountTogetherTowardsWhatOneMayHave) {
  settings_.house.everybody.jobs = 2;
  begin(0);
  int taken = 0;
  for (int i = 0; i < 5; ++i)
    controller_->submit(a_spec(), [&](const auto& answer) { taken += answer.ok() ? 1 : 0; });
  world_.settle();
  EXPECT_EQ(taken, 2);
}

TEST_F(Control, TheServiceEndsWhenIdleAndNotBefore) {
  const auto job = submit(a_spec());
  world_.pass(minutes(30));
  EXPECT_FALSE(ended_);
  engine_->start_and_end({job->id, 0}, EndCause::done);
  world_.pass(minutes(9));
  EXPECT_FALSE(ended_);
  world_.pass(minutes(2));
  EXPECT_TRUE(ended_);
  EXPECT_TRUE(engine_->retired);
}

}  // namespace
}  // namespace gangline
