#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "control/controller_world.h"
#include "control/watching/numbers.h"

namespace gangline {
namespace {

class Watching : public Control {
 protected:
  Watching() { world_.pass(milliseconds(100)); }  // until the node is written down

  FeedPage feed(const FeedQuery& query) {
    std::optional<Result<FeedPage>> answer;
    controller_->feed(query, [&](auto given) { answer = std::move(given); });
    EXPECT_TRUE(answer && *answer);
    return **answer;
  }
  std::string cells(JobId job, std::uint32_t first = 0, std::uint32_t most = 100) {
    std::optional<Result<GangCells>> answer;
    controller_->cells(job, first, most, [&](auto given) { answer = std::move(given); });
    return (*answer)->cells;
  }
  std::vector<JobId> list(const ListQuery& query) {
    std::optional<Result<std::vector<JobSummary>>> answer;
    controller_->list(query, [&](auto given) { answer = std::move(given); });
    std::vector<JobId> ids;
    for (const JobSummary& line : **answer) ids.push_back(line.id);
    return ids;
  }
  TimeChart timeline(const TimeChartQuery& query) {
    std::optional<Result<TimeChart>> answer;
    controller_->timeline(query, [&](auto given) { answer = std::move(given); });
    return **answer;
  }
  JobId end_one(const std::string& name) {
    const auto job = submit(a_spec(name));
    engine_->start_and_end({job->id, 0}, EndCause::done);
    world_.pass(milliseconds(60));
    return job->id;
  }
  static std::string kinds(const FeedPage& page) {
    std::string all;
    for (const FeedEntry& entry : page.entries)
      all += (all.empty() ? "" : " ") + std::string(name_of(entry.kind));
    return all;
  }
};

TEST_F(Watching, TheFeedTellsWhatHappenedInItsOrderAndGoesOnWhereItWasLeft) {
  const FeedPage start = feed({});
  EXPECT_TRUE(start.entries.empty()) << "without a number it says where now is";
  const JobId job = end_one("train");
  const FeedPage first = feed({start.of, start.newest, 2, Span{0}});
  EXPECT_EQ(kinds(first), "submitted starting");
  EXPECT_EQ(first.entries[0].name, "train");
  EXPECT_EQ(first.entries[0].job, job);
  const FeedPage rest = feed({start.of, first.entries.back().number, 100, Span{0}});
  EXPECT_EQ(kinds(rest), "started ended");
  EXPECT_EQ(rest.entries[1].cause, EndCause::done);
  EXPECT_EQ(rest.newest, rest.entries.back().number);
}

TEST_F(Watching, TheFeedIsTheSameAfterARestartOfTheService) {
  const FeedPage start = feed({});
  end_one("train");
  const FeedPage before = feed({start.of, start.newest, 100, Span{0}});
  begin(0);
  const FeedPage after = feed({start.of, start.newest, 100, Span{0}});
  ASSERT_GE(after.entries.size(), before.entries.size());
  for (std::size_t i = 0; i < before.entries.size(); ++i) {
    EXPECT_EQ(after.entries[i].number, before.entries[i].number);
    EXPECT_EQ(after.entries[i].kind, before.entries[i].kind);
    EXPECT_EQ(after.entries[i].job, before.entries[i].job);
    EXPECT_EQ(after.entries[i].name, before.entries[i].name);
    EXPECT_EQ(after.entries[i].says, before.entries[i].says);
  }
}

TEST_F(Watching, AFeedOfAnotherStoreOrOfWhatNeverWasIsBroken) {
  const FeedPage start = feed({});
  EXPECT_TRUE(feed({"another", start.newest, 10, Span{0}}).broken);
  EXPECT_TRUE(feed({start.of, start.newest + 1, 10, Span{0}}).broken);
  EXPECT_FALSE(feed({start.of, start.newest, 10, Span{0}}).broken);
}

TEST_F(Watching, WhoWaitsForTheFeedHearsOfWhatComesAndOfNothingInTheEnd) {
  const FeedPage start = feed({});
  std::optional<FeedPage> heard;
  controller_->feed({start.of, start.newest, 100, seconds(10)}, [&](auto page) { heard = *page; });
  world_.pass(seconds(1));
  EXPECT_FALSE(heard);
  ASSERT_TRUE(submit(a_spec()));
  world_.pass(milliseconds(100));
  ASSERT_TRUE(heard);
  EXPECT_EQ(kinds(*heard), "submitted starting");
  heard.reset();
  controller_->feed({start.of, feed({}).newest, 100, seconds(10)},
                    [&](auto page) { heard = *page; });
  world_.pass(seconds(11));
  ASSERT_TRUE(heard);
  EXPECT_TRUE(heard->entries.empty());
}

TEST_F(Watching, EachGangHasALetter) {
  JobSpec spec = a_spec();
  spec.sweep = {{"n", {"1", "2", "3", "4", "5"}}};
  spec.gather = Command{false, {"true"}};
  spec.resources.alternatives[0].cpus = whole_cpus(1);
  const auto job = submit(spec);
  ASSERT_TRUE(job);
  EXPECT_EQ(cells(job->id), "sswwww") << "there are two CPUs, and the last one is the gather";
  engine_->start_and_end({job->id, 0}, EndCause::done);
  engine_->start_and_end({job->id, 1}, EndCause::failed, 1, 3);
  engine_->report(GangStarted{{job->id, 2}, 1, {}});
  EXPECT_EQ(cells(job->id), "dfrswn") << "nothing is gathered where one ended badly";
  EXPECT_EQ(cells(job->id, 2, 2), "rs");
  controller_->stop({job->id, {}, false, ""}, [](const auto&) {});
  world_.settle();
  engine_->start_and_end({job->id, 2}, EndCause::stopped);
  engine_->start_and_end({job->id, 3}, EndCause::stopped);
  EXPECT_EQ(cells(job->id), "dfxxnn");
}

TEST_F(Watching, AListIsReadPageByPageAndByOwnerNameAndState) {
  std::vector<JobId> ids;
  for (const char* name : {"Train", "test", "train-2"}) ids.push_back(end_one(name));
  ListQuery query;
  query.all = true;
  query.limit = 2;
  EXPECT_EQ(list(query), (std::vector<JobId>{ids[2], ids[1]}));
  query.before = ids[1];
  EXPECT_EQ(list(query), std::vector<JobId>{ids[0]});
  query.before = {};
  query.text = "TRAIN";
  EXPECT_EQ(list(query), (std::vector<JobId>{ids[2], ids[0]}));
  query.text = "NN";
  EXPECT_EQ(list(query), (std::vector<JobId>{ids[2], ids[1]})) << "part of the owner's name";
  query.text.clear();
  query.owner = "eve";
  EXPECT_TRUE(list(query).empty());
  query.owner = "anna";
  query.queue = "normal";
  query.name = "test";
  EXPECT_EQ(list(query), std::vector<JobId>{ids[1]});
}

TEST_F(Watching, JobsThatWaitAreListedInTheOrderInWhichTheyWouldStart) {
  JobSpec both = a_spec("both");
  both.resources.alternatives[0].cpus = whole_cpus(2);
  ASSERT_TRUE(submit(both));
  const auto later = submit(both);
  both.priority = 1;
  const auto urgent = submit(both);
  ListQuery query;
  query.phase = GangPhase::waiting;
  query.by_start = true;
  EXPECT_EQ(list(query), (std::vector<JobId>{urgent->id, later->id}));
}

TEST_F(Watching, WhatIsSubmittedTwiceWithOneKeyIsOneJob) {
  JobSpec spec = a_spec("paid once");
  spec.submit_key = "k-1";
  std::vector<Result<Submitted>> answers;
  for (int i = 0; i < 2; ++i)  // both before the next cycle
    controller_->submit(spec, [&](auto given) { answers.push_back(std::move(given)); });
  world_.settle();
  ASSERT_EQ(answers.size(), 2u);
  ASSERT_TRUE(answers[0] && answers[1]);
  EXPECT_EQ(answers[0]->id, answers[1]->id);
  EXPECT_TRUE(answers[1]->note);
  begin(0);
  const auto third = submit(spec);
  ASSERT_TRUE(third);
  EXPECT_EQ(third->id, answers[0]->id) << "the key outlives the service";
  spec.command.words = {"false"};
  const auto other = submit(spec);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().what, "this key was used for job 1, which is another one");
  spec.submit_key = std::string(longest_submit_key + 1, 'k');
  EXPECT_FALSE(submit(spec));
}

TEST_F(Watching, TheTimelineHasWhatRanAndWhatRuns) {
  const Time before = world_.now();
  const JobId past = end_one("past");
  world_.pass(seconds(5));
  JobSpec spec = a_spec("now");
  spec.time = hours(2);
  const auto now = submit(spec);
  engine_->report(GangStarted{{now->id, 0}, 1, {}});
  const TimeChart chart = timeline({before, never, 100});
  ASSERT_EQ(chart.bars.size(), 2u);
  EXPECT_EQ(chart.bars[0].name, "now");
  EXPECT_EQ(chart.bars[0].phase, GangPhase::running);
  EXPECT_EQ(chart.bars[0].until, chart.bars[0].from + hours(2));
  EXPECT_EQ(chart.bars[1].gang, (GangId{past, 0}));
  EXPECT_EQ(chart.bars[1].owner, "anna");
  EXPECT_EQ(chart.bars[1].cause, EndCause::done);
  EXPECT_EQ(chart.bars[1].nodes, std::vector<NodeId>{NodeId{0}});
  EXPECT_FALSE(chart.cut);
  EXPECT_EQ(timeline({world_.now() - seconds(2), never, 100}).bars.size(), 1u);
  EXPECT_TRUE(timeline({before, never, 1}).cut);
}

TEST(NumbersIn, JsonLinesAndASingleNumberAreUnderstood) {
  using Numbers = std::vector<std::pair<std::string, double>>;
  EXPECT_EQ(numbers_in(R"({"lr": 0.1, "name": "x", "accuracy":0.97})", 9),
            (Numbers{{"lr", 0.1}, {"accuracy", 0.97}}));
  EXPECT_EQ(numbers_in("epoch 3\nloss = 1e-3\nval/acc: 12\nloss = 2\n", 9),
            (Numbers{{"loss", 2}, {"val/acc", 12}}));
  EXPECT_EQ(numbers_in(" 0.5\n", 9), (Numbers{{"value", 0.5}}));
  EXPECT_EQ(numbers_in("", 9), Numbers{});
  EXPECT_EQ(numbers_in("time: 12:30, x=nan, y=1e999, z=3abc", 9), Numbers{});
  EXPECT_EQ(numbers_in("a=1 b=2 c=3", 2).size(), 2u);
}

TEST(Readings, APointIsTheMeanOfItsReadingsAndWhatIsNotKnownIsNoNumber) {
  ReadingsKept kept;
  Node node;
  node.devices.resize(2);
  node.devices[0].uid = "GPU-0";
  const Time start{seconds(100).us};
  for (int i = 0; i <= 10; ++i) {
    NodeSample sample;
    sample.at = start + seconds(i);
    sample.devices.resize(2);
    sample.devices[0].busy_percent = 10.0 * i;
    sample.devices[1].power = Watts{50};
    kept.add({0}, sample);
  }
  const Readings readings = kept.between({{0}, {}, Time{0}, never, 100}, node, {});
  ASSERT_EQ(readings.at, (std::vector<Time>{start + seconds(5), start + seconds(10)}));
  ASSERT_EQ(readings.devices.size(), 2u);
  EXPECT_EQ(readings.devices[0].uid, "GPU-0");
  EXPECT_DOUBLE_EQ(readings.devices[0].busy_percent[0], 20);  // of 0, 10, 20, 30, 40
  EXPECT_DOUBLE_EQ(readings.devices[0].busy_percent[1], 70);
  EXPECT_TRUE(std::isnan(readings.devices[0].power_watts[0]));
  EXPECT_DOUBLE_EQ(readings.devices[1].power_watts[1], 50);
  const Readings joined = kept.between({{0}, {1, 7}, Time{0}, never, 1}, node, {});
  ASSERT_EQ(joined.at.size(), 1u);
  ASSERT_EQ(joined.devices.size(), 1u) << "there is no device 7";
  EXPECT_EQ(joined.devices[0].device.index, 1u);
}

class ReadingsOfLongAgo : public Control {
 protected:
  ReadingsOfLongAgo() {
    find();
    EXPECT_TRUE(submit(a_spec()));  // a service with nothing to do would end
  }
  void find() {
    engine_->find_gpu();
    world_.pass(milliseconds(100));
  }
  /// A reading each 30 s of so long.
  void read_for(Span span, double busy) {
    const Time until = world_.now() + span;
    DeviceSample device;
    device.busy_percent = busy;
    for (; world_.now() < until; world_.pass(seconds(30))) engine_->read(device);
  }
  Readings readings(Time from, Time until = never, std::uint32_t most = most_reading_points) {
    std::optional<Result<Readings>> answer;
    controller_->readings({{0}, {}, from, until, most}, [&](auto given) { answer = given; });
    EXPECT_TRUE(answer && *answer);
    return **answer;
  }
};

TEST_F(ReadingsOfLongAgo, AreThereAfterARestartAndInLongerSteps) {
  const Time start = world_.now();
  read_for(hours(1), 20);
  controller_->keep_readings();
  begin(0);
  find();
  const Readings hour = readings({});
  ASSERT_GE(hour.at.size(), 58u);
  EXPECT_EQ(hour.at[1] - hour.at[0], minutes(1));
  EXPECT_NEAR(hour.devices.at(0).busy_percent.at(7), 20, 0.01);

  read_for(hours(26), 80);
  const Readings all = readings(start);
  ASSERT_GT(all.at.size(), 100u);
  EXPECT_TRUE(std::is_sorted(all.at.begin(), all.at.end()));
  EXPECT_NEAR(all.devices[0].busy_percent.front(), 20, 0.01);
  EXPECT_NEAR(all.devices[0].busy_percent.back(), 80, 0.01);
  const Readings first = readings(start, start + minutes(59));
  ASSERT_GE(first.at.size(), 5u) << "of the minutes, a day ago and longer, ten each are left";
  EXPECT_EQ(first.at[1] - first.at[0], minutes(10));
  EXPECT_EQ(readings(start, never, 40).at.size(), 40u) << "joined to as many as were asked for";
}

TEST_F(ReadingsOfLongAgo, AreOnDiskAfterFiveMinutesWhateverBecomesOfTheService) {
  const Time start = world_.now();
  read_for(minutes(20), 50);
  begin(0);  // nobody told it that it ends
  find();
  EXPECT_GE(readings(start).at.size(), 13u);
}

TEST_F(ReadingsOfLongAgo, AreForgottenAfterAMonth) {
  const Time start = world_.now();
  read_for(minutes(30), 50);
  world_.pass(hours(24 * 31));
  EXPECT_FALSE(readings(start, start + hours(1)).at.empty());
  read_for(minutes(30), 50);
  controller_->keep_readings();
  begin(0);
  find();
  EXPECT_TRUE(readings(start, start + hours(1)).at.empty());
}

}  // namespace
}  // namespace gangline
