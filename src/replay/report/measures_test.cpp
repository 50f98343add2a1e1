#include "replay/report/measures.h"

#include <gtest/gtest.h>

#include "replay/report/made_world.h"

namespace gangline {
namespace {

MadeJob job(std::int64_t submitted, std::int64_t started, std::int64_t ended) {
  MadeJob job;
  job.submitted = submitted;
  job.started = started;
  job.ended = ended;
  return job;
}

MadeJob job_of(const std::string& user, std::int64_t submitted, std::int64_t started,
               std::int64_t ended) {
  MadeJob made = job(submitted, started, ended);
  made.user = user;
  return made;
}

TEST(Measures, PercentilesAreTheNearestRankOfAllJobsThatStarted) {
  MadeWorld world(1, 1);
  for (int wait = 100; wait >= 1; --wait) world.add(job(0, wait, wait));  // not in order
  const Measures measures = world.run("easy", 200).measures;
  EXPECT_EQ(measures.started, 100u);
  EXPECT_DOUBLE_EQ(measures.wait.mean, 50.5);
  EXPECT_DOUBLE_EQ(measures.wait.median, 50);  // the 50th of 100
  EXPECT_DOUBLE_EQ(measures.wait.p95, 95);
  EXPECT_DOUBLE_EQ(measures.wait.p99, 99);
  EXPECT_DOUBLE_EQ(measures.wait.longest, 100);
}

TEST(Measures, OfThreeJobsTheMedianIsTheSecondAndTheNinetyFifthTheLast) {
  MadeWorld world(1, 1);
  world.add(job(0, 0, 30)).add(job(0, 30, 50)).add(job(10, 50, 110));
  const Measures measures = world.run("fifo", 110).measures;
  EXPECT_DOUBLE_EQ(measures.wait.mean, 70.0 / 3);
  EXPECT_DOUBLE_EQ(measures.wait.median, 30);
  EXPECT_DOUBLE_EQ(measures.wait.p95, 40);
  EXPECT_DOUBLE_EQ(measures.completion.mean, 60);  // 30, 50, 100
  EXPECT_DOUBLE_EQ(measures.completion.median, 50);
  EXPECT_DOUBLE_EQ(measures.completion.p99, 100);
  EXPECT_DOUBLE_EQ(measures.makespan, 110);
}

TEST(Measures, SlowdownIsCompletionByRunTimeAndAShortRunCountsAsTenSeconds) {
  MadeWorld world(1, 1);
  world.add(job(0, 0, 20));    // 1
  world.add(job(0, 20, 40));   // 40 / 20
  world.add(job(0, 59, 60));   // 60 / 10, not 60 / 1
  world.add(job(60, 60, 61));  // 1 / 10, which counts as 1
  const Measures measures = world.run("fifo", 61).measures;
  EXPECT_DOUBLE_EQ(measures.slowdown.mean, 10.0 / 4);
  EXPECT_DOUBLE_EQ(measures.slowdown.median, 1);
  EXPECT_DOUBLE_EQ(measures.slowdown.longest, 6);
}

TEST(Measures, JobsThatWaitRunLeaveOrCanNeverRunAreCountedApart) {
  MadeWorld world(1, 2);
  world.add(job(0, 0, 10));
  MadeJob made;
  made.lot = Lot::waited;
  world.add(made);  // never started
  made.started = 5;
  world.add(made);  // runs on
  made.started.reset();
  made.lot = Lot::left;
  world.add(made);
  made.lot = Lot::hopeless;
  world.add(made);
  const Measures measures = world.run("easy", 20).measures;
  EXPECT_EQ(measures.jobs, 5u);
  EXPECT_EQ(measures.started, 2u);
  EXPECT_EQ(measures.ended, 1u);
  EXPECT_EQ(measures.waited, 2u);
  EXPECT_EQ(measures.left, 1u);
  EXPECT_EQ(measures.hopeless, 1u);
  EXPECT_DOUBLE_EQ(measures.wait.mean, 2.5);       // 0 and 5
  EXPECT_DOUBLE_EQ(measures.completion.mean, 10);  // of the one that ended
  EXPECT_DOUBLE_EQ(measures.used_at_end, 0.5);     // one of two GPUs
}

TEST(Measures, GpuHoursAreUsedOrIdleForACause) {
  MadeWorld world(1, 4);
  MadeJob made = job(0, 0, 3600);
  made.gpus = 3;
  world.add(made);
  made = job(1800, 3600, 7200);
  made.gpus = 2;
  world.add(made);
  const Measures measures = world.run("fifo", 7200, IdleBecause::scattered).measures;
  EXPECT_NEAR(measures.gpu_hours, 8, 1e-9);
  EXPECT_NEAR(measures.gpu_hours_used, 5, 1e-9);
  const auto idle = [&](IdleBecause cause) {
    return measures.gpu_hours_idle[static_cast<std::size_t>(cause)];
  };
  EXPECT_NEAR(idle(IdleBecause::scattered), 0.5, 1e-9);      // one GPU, while the second waited
  EXPECT_NEAR(idle(IdleBecause::nothing_asked), 2.5, 1e-9);  // half an hour of one, an hour of two
  EXPECT_NEAR(idle(IdleBecause::too_few), 0, 1e-9);
}

TEST(Measures, FairnessIsJainsIndexOfTheMeanSlowdownsOfUsers) {
  MadeWorld world(1, 1);
  world.add(job_of("ann", 0, 0, 100)).add(job_of("bob", 0, 200, 300));  // 1 and 3
  // (1 + 3)^2 / (2 * (1 + 9))
  EXPECT_DOUBLE_EQ(world.run("fifo", 300).measures.fairness.value(), 0.8);
  world.add(job_of("bob", 300, 300, 400));  // bob's mean is 2 now: 9 / (2 * 5)
  EXPECT_DOUBLE_EQ(world.run("fifo", 400).measures.fairness.value(), 0.9);
}

TEST(Measures, BetweenFewerThanTwoKnownUsersThereIsNoFairness) {
  MadeWorld world(1, 1);
  world.add(job_of("", 0, 0, 100)).add(job_of("", 0, 200, 300));
  EXPECT_FALSE(world.run("fifo", 300).measures.fairness);
  world.add(job_of("ann", 300, 300, 400));
  EXPECT_FALSE(world.run("fifo", 400).measures.fairness);
}

TEST(Measures, TheBacktestComparesJobsWithAStartInBoth) {
  MadeWorld world(1, 1);
  const auto with_truth = [](MadeJob made, std::int64_t truly) {
    made.truly_started = truly;
    return made;
  };
  world.add(with_truth(job(0, 0, 10), 0));     // as it was
  world.add(with_truth(job(0, 10, 20), 40));   // 30 earlier
  world.add(with_truth(job(0, 120, 130), 0));  // 120 later
  world.add(job(0, 130, 140));                 // nobody knows
  MadeJob never;
  never.lot = Lot::waited;
  world.add(with_truth(never, 7));
  const BacktestError error = world.run("fifo", 140).measures.backtest.value();
  EXPECT_EQ(error.jobs, 3u);
  EXPECT_DOUBLE_EQ(error.mean_apart, 50);
  EXPECT_DOUBLE_EQ(error.median_apart, 30);
  EXPECT_DOUBLE_EQ(error.p95_apart, 120);
  EXPECT_DOUBLE_EQ(error.mean_later, 30);
  EXPECT_DOUBLE_EQ(error.wait_true, 40.0 / 3);
  EXPECT_DOUBLE_EQ(error.wait_simulated, 130.0 / 3);
}

TEST(Measures, WithoutTrueStartsThereIsNoBacktest) {
  MadeWorld world(1, 1);
  EXPECT_FALSE(world.add(job(0, 0, 10)).run("fifo", 10).measures.backtest);
}

TEST(Measures, EnergyIsOfUseAndOfIdlenessAndCostOfUse) {
  MadeWorld world(1, 2);
  world.add(job(0, 0, 3600));
  world.found.watts["A100"] = 400;
  world.found.watts_idle["A100"] = 50;
  world.found.price_an_hour["A100"] = 2.5;
  const Measures measures = world.run("fifo", 7200).measures;
  EXPECT_NEAR(measures.kilowatt_hours_used.value(), 0.4, 1e-9);
  EXPECT_NEAR(measures.kilowatt_hours.value(), 0.4 + 3 * 0.05, 1e-9);
  EXPECT_NEAR(measures.cost.value(), 2.5, 1e-9);
}

TEST(Measures, WattsThatAreNotKnownAreNotTakenAsNone) {
  MadeWorld world(1, 2);
  world.add(job(0, 0, 3600));
  EXPECT_FALSE(world.run("fifo", 7200).measures.kilowatt_hours_used);
  EXPECT_FALSE(world.run("fifo", 7200).measures.cost);
  world.found.watts["A100"] = 400;
  EXPECT_TRUE(world.run("fifo", 7200).measures.kilowatt_hours_used);
  EXPECT_FALSE(world.run("fifo", 7200).measures.kilowatt_hours);  // idle ones need some as well
  world.found.watts_idle["H100"] = 50;
  EXPECT_FALSE(world.run("fifo", 7200).measures.kilowatt_hours);
}

TEST(Measures, FragmentationIsThePartThatIsFreeAndUselessToUsualTasks) {
  MadeWorld world(1, 2);
  MadeJob both = job(0, 1000, 2000);  // this kind of task is all that is ever asked for
  both.gpus = 2;
  MadeJob also = job(0, 0, 1000);
  also.gpus = 2;
  world.add(also).add(both);
  EXPECT_NEAR(world.run("fifo", 2000).measures.fragmentation, 0, 1e-9);
  MadeWorld halves(1, 1);
  MadeJob half = job(0, 0, 1000);
  half.gpus = 0.5;
  MadeJob whole = job(0, 1000, 1001);
  halves.add(half).add(whole).add(whole).add(whole);
  // For a thousand seconds half a GPU is free: useless to three of four tasks.
  EXPECT_NEAR(halves.run("fifo", 1001).measures.fragmentation, 0.5 * 0.75, 0.01);
}

TEST(Measures, AJobThatRanForNoTimeTakesNothing) {
  MadeWorld world(1, 1);
  world.add(job(0, 10, 10));
  MadeJob half = job(0, 0, 1);
  half.gpus = 0.5;
  world.add(half);
  const Measures measures = world.run("fifo", 1000).measures;
  EXPECT_NEAR(measures.fragmentation, 0, 0.01);
  EXPECT_NEAR(measures.gpu_hours_used, 0.5 / 3600, 1e-9);
}

TEST(Measures, AHistoryOfWhichNothingRanHasNoMeansAndDoesNotFail) {
  MadeWorld world(1, 1);
  MadeJob made;
  made.lot = Lot::hopeless;
  const Measures measures = world.add(made).run("easy", 0).measures;
  EXPECT_EQ(measures.hopeless, 1u);
  EXPECT_EQ(measures.started, 0u);
  EXPECT_DOUBLE_EQ(measures.gpu_hours, 0);
  EXPECT_FALSE(measures.fairness);
}

}  // namespace
}  // namespace gangline
