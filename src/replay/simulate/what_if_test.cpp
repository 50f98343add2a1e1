#include "replay/simulate/what_if.h"

#include "replay/simulate/small_simulation.h"

namespace gangline {
namespace {

class WhatIfs : public testing::Test {
 protected:
  void apply_well() {
    const auto done = apply(what_if, history, found, settings);
    EXPECT_TRUE(done.ok()) << done.error().sentence();
  }
  /// Why it was refused; nothing was changed then.
  std::string refusal() {
    const std::size_t jobs = history.jobs.size(), nodes = found.cluster.nodes.size();
    const auto done = apply(what_if, history, found, settings);
    EXPECT_FALSE(done.ok());
    EXPECT_EQ(history.jobs.size(), jobs);
    EXPECT_EQ(found.cluster.nodes.size(), nodes);
    EXPECT_TRUE(settings.outages.empty());
    EXPECT_EQ(settings.settings.queues.size(), 1u);
    return done.ok() ? "" : done.error().sentence();
  }
  Result<Simulated> run() { return simulate(history, found.cluster, settings); }

  WhatIf what_if;
  History history = small_history({{0, 1, 10}, {100, 1, 10}});
  FoundCluster found = small_cluster(2, 4);
  SimulationSettings settings = under("easy");
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(WhatIfs, AQueueGetsALimitAndWhatIsMoreCanNeverRun) {
  history = small_history({{0, 1, 10, 0, "night"},
                           {0, 1, 10, 0, "night"},
                           {0, 2, 10, 0, "night"},
                           {0, 2, 10, 0, "day"}});
  what_if.set = {"queue.night.limit=1"};
  apply_well();
  const auto simulated = run();
  ASSERT_TRUE(simulated.ok());
  EXPECT_EQ(start_of(*simulated, 0), 0);
  EXPECT_EQ(start_of(*simulated, 1), 10);
  EXPECT_EQ(simulated->jobs[2].lot, Lot::hopeless);
  EXPECT_EQ(start_of(*simulated, 3), 0);
}

TEST_F(WhatIfs, AQueuesTimeIsThatOfJobsWithoutOneAndLetsOthersPassThem) {
  found = small_cluster(1, 2);
  history = small_history({{0, 1, 10, 0, "night"}, {1, 2, 10, 0, "night"}, {2, 1, 5, 0, "day"}});
  settings.ends_at_limit = true;
  what_if.set = {"queue.night.time=12s", "queue.day.time=6s"};
  apply_well();
  const auto simulated = run();
  ASSERT_TRUE(simulated.ok());
  EXPECT_EQ(start_of(*simulated, 1), 10);
  EXPECT_EQ(start_of(*simulated, 2), 2);
  history.jobs[2].limit = minutes(1);
  what_if.set = {"queue.day.time=30s"};
  apply_well();
  const auto refused = run();
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(refused->jobs[2].lot, Lot::hopeless);
}

TEST_F(WhatIfs, UnderFairEachQueueOfTheHistoryHasItsShareWithoutASetting) {
  found = small_cluster(1, 1);
  history = small_history({{0, 1, 600, 0, "busy"},
                           {1, 1, 600, 0, "busy"},
                           {2, 1, 600, 0, "busy"},
                           {700, 1, 600, 0, "calm"}});
  settings = under("fair");
  const auto simulated = run();
  ASSERT_TRUE(simulated.ok());
  EXPECT_EQ(start_of(*simulated, 3), 1'200);
  EXPECT_EQ(start_of(*simulated, 2), 1'800);
}

TEST_F(WhatIfs, UnderFairUsersOfOneQueueShareIt) {
  found = small_cluster(1, 1);
  history = small_history({{0, 1, 600}, {1, 1, 600}, {2, 1, 600}, {700, 1, 600}});
  for (std::size_t i = 0; i < 4; ++i) history.jobs[i].user = i == 3 ? "bob" : "anna";
  settings = under("fair");
  const auto simulated = run();
  ASSERT_TRUE(simulated.ok());
  EXPECT_EQ(start_of(*simulated, 3), 1'200);
}

TEST_F(WhatIfs, WithoutAnyNothingChanges) {
  EXPECT_FALSE(what_if.changes_something());
  apply_well();
  EXPECT_EQ(history.jobs.size(), 2u);
  EXPECT_EQ(found.cluster.nodes.size(), 2u);
}

TEST_F(WhatIfs, NodesAreAddedLikeOneThatIsThereUnderNamesOfTheirOwn) {
  found.cluster.nodes[0].place = {"rack1"};
  found.cluster.nodes[1].place = {"rack2"};
  found.queues = {"day", "night"};
  what_if.add = {"2:b", "b"};
  apply_well();
  ASSERT_EQ(found.cluster.nodes.size(), 5u);
  EXPECT_EQ(found.cluster.nodes[2].name, "b-more-1");
  EXPECT_EQ(found.cluster.nodes[4].name, "b-more-3");
  EXPECT_EQ(found.cluster.nodes[4].devices.size(), 4u);
  EXPECT_EQ(place_text(found.cluster.nodes[1]), "rack2");
  EXPECT_EQ(place_text(found.cluster.nodes[4]), "");
  EXPECT_EQ(found.queues.back(), "night");
}

TEST_F(WhatIfs, ANodeThatIsNotThereCannotBeAddedOrRemoved) {
  what_if.add = {"2:c"};
  EXPECT_TRUE(has(refusal(), "there is no node 'c'"));
  what_if.add = {"many:b"};
  EXPECT_TRUE(has(refusal(), "--add 2:a"));
  what_if.add = {"0:b"};
  EXPECT_TRUE(has(refusal(), "no number of nodes"));
  what_if.add = {};
  what_if.remove = {"a", "a"};
  EXPECT_TRUE(has(refusal(), "there is no node 'a'"));
}

TEST_F(WhatIfs, ANodeIsRemovedWithItsPlaceAndItsQueue) {
  found.cluster.nodes[0].place = {"rack1"};
  found.cluster.nodes[1].place = {"rack2"};
  found.queues = {"day", "night"};
  what_if.remove = {"a"};
  apply_well();
  EXPECT_EQ(found.cluster.nodes.at(0).name, "b");
  EXPECT_EQ(place_text(found.cluster.nodes.at(0)), "rack2");
  EXPECT_EQ(found.queues, std::vector<std::string>{"night"});
}

TEST_F(WhatIfs, NodesThatAreAlikeAreRemovedByNumberTheNamedOneFirstThenTheLast) {
  found = small_cluster(4, 4);
  found.queues = {"day", "day", "night", "day"};
  what_if.remove = {"2:a"};
  apply_well();
  ASSERT_EQ(found.cluster.nodes.size(), 2u);
  EXPECT_EQ(found.cluster.nodes[0].name, "b");
  EXPECT_EQ(found.cluster.nodes[1].name, "c");
  EXPECT_EQ(found.queues, (std::vector<std::string>{"day", "night"}));
  what_if.remove = {"5:b"};
  EXPECT_TRUE(has(refusal(), "--remove 5:b: there is 1 node like 'b', it included"));
  what_if.remove = {"0:b"};
  EXPECT_TRUE(has(refusal(), "says no number of nodes from 1"));
  what_if.remove = {"b", "c"};
  EXPECT_TRUE(has(refusal(), "--remove: no node is left"));
  found = small_cluster(3, 4);
  found.cluster.nodes[1].devices.pop_back();
  what_if.remove = {"3:a"};
  EXPECT_TRUE(has(refusal(), "there are 2 nodes like 'a', it included"));
}

TEST_F(WhatIfs, DevicesOfOneModelBecomeOfAnother) {
  what_if.swap_models = {"A100=H100"};
  apply_well();
  for (const Node& node : found.cluster.nodes)
    for (const Device& device : node.devices) EXPECT_EQ(device.model, "H100");
  EXPECT_TRUE(has(refusal(), "no device of the cluster is a 'A100'; its models are: 'H100'"));
  what_if.swap_models = {"H100="};
  EXPECT_TRUE(has(refusal(), "names no two models"));
}

TEST_F(WhatIfs, MoreArrivalsAreCopiesBetweenTheOthersWithoutAStartOfTheirOwn) {
  history.jobs[0].started = history.jobs[0].submitted;
  what_if.scale_arrivals = 2;
  apply_well();
  ASSERT_EQ(history.jobs.size(), 4u);
  EXPECT_EQ(history.jobs[1].id, "1+1");
  EXPECT_EQ(history.jobs[1].submitted, Time{} + seconds(50));
  EXPECT_TRUE(history.jobs[0].started);
  EXPECT_FALSE(history.jobs[1].started);
}

TEST_F(WhatIfs, FewerArrivalsLeaveOutSomeEvenly) {
  history = small_history({{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}, {9}});
  what_if.scale_arrivals = 0.3;
  apply_well();
  EXPECT_EQ(history.jobs.size(), 3u);
  what_if.scale_arrivals = 0;
  EXPECT_TRUE(has(refusal(), "--scale-arrivals goes from above 0 to 1000"));
}

TEST_F(WhatIfs, AQueueOfMorePriorityGoesFirst) {
  history = small_history({{0, 4, 10, 0, "day"}, {1, 4, 10, 0, "day"}, {2, 4, 10, 0, "ni.ght"}});
  found = small_cluster(1, 4);
  what_if.set = {"queue.ni.ght.priority=5"};
  apply_well();
  const auto simulated = run();
  EXPECT_EQ(start_of(*simulated, 2), 10);
  EXPECT_EQ(start_of(*simulated, 1), 20);
}

TEST_F(WhatIfs, SettingNormalConcernsNoOtherQueueOfTheHistory) {
  history = small_history({{0, 4, 10, 0, "day"}, {1, 4, 10, 0, "day"}, {2, 4, 10, 0, "normal"}});
  found = small_cluster(1, 4);
  what_if.set = {"queue.normal.priority=5"};
  apply_well();
  EXPECT_EQ(start_of(*run(), 2), 10);
}

TEST_F(WhatIfs, ASettingThatThereIsNotIsNamedWithTheNearest) {
  history.jobs[0].queue = "night";
  what_if.set = {"queue.nigth.priority=5"};
  EXPECT_TRUE(has(refusal(), "there is no queue 'nigth'; did you mean night?"));
  what_if.set = {"queue.night.prority=5"};
  EXPECT_TRUE(has(refusal(), "there is no key 'prority'; did you mean priority?"));
  what_if.set = {"queue.night.priority=high"};
  EXPECT_TRUE(has(refusal(), "a whole number from -1000000 to 1000000, not 'high'"));
  what_if.set = {"queue.night.time=0s"};
  EXPECT_TRUE(has(refusal(), "a length of time from 1s to 100 years"));
  what_if.set = {"queue.night.share=0"};
  EXPECT_TRUE(has(refusal(), "share of a queue is a whole number from 1 to 1000000, not '0'"));
  what_if.set = {"queue.night.parent=day"};
  EXPECT_TRUE(has(refusal(), "parent of a queue is the name of a queue, not 'day'"));
  what_if.set = {"queue.night.parent=night"};
  EXPECT_TRUE(has(refusal(), "the queue 'night' is a part of itself"));
  what_if.set = {"queue.night.guaranteed=2", "queue.night.limit=1"};
  EXPECT_TRUE(has(refusal(), "more is guaranteed to the queue 'night' than its limit"));
  what_if.set = {"queue.night.allow_foreign=maybe"};
  EXPECT_TRUE(has(refusal(), "true or false"));
  for (const char* text : {"night.priority=5", "queue.priority=5", "queue.night.priority", ""}) {
    what_if.set = {text};
    EXPECT_TRUE(has(refusal(), "--set queue.night.priority=5")) << text;
  }
  what_if.set = {"foo.bar=1"};
  EXPECT_TRUE(has(refusal(),
                  "there is no setting 'foo.bar'; what can be set is queue.NAME.KEY or "
                  "policy.KEY"));
  what_if.set = {"queue.priority=1"};
  EXPECT_TRUE(has(refusal(), "'queue.priority' names no queue, or none of its settings"));
  what_if.set = {"queue.night.guaranteed=2", "queue.normal.guaranteed=1",
                 "queue.night.parent=normal"};
  EXPECT_TRUE(has(refusal(), "more is guaranteed to the queue 'night' than to 'normal'"));
}

TEST_F(WhatIfs, WhatIsWrongWhateverTheHistoryIsSaidWithoutIt) {
  const auto told = [&] {
    const auto good = check(what_if, found);
    return good ? "" : good.error().sentence();
  };
  what_if.set = {"queue.night.priority=5", "queue.night.parent=day"};
  EXPECT_EQ(told(), "") << "the history may have them";
  what_if.set = {"queue.night.prority=5"};
  EXPECT_TRUE(has(told(), "did you mean priority?"));
  what_if.set = {"queue.night.limit=some"};
  EXPECT_TRUE(has(told(), "not 'some'"));
  what_if.set = {};
  what_if.scale_arrivals = -1;
  EXPECT_TRUE(has(told(), "--scale-arrivals goes from above 0"));
  what_if.scale_arrivals = 1;
  what_if.remove = {"c"};
  EXPECT_TRUE(has(told(), "there is no node 'c'"));
  what_if.remove = {};
  what_if.maintenance = {"5"};
  EXPECT_TRUE(has(told(), "names no window of time"));
  what_if.maintenance = {};
  what_if.power_limit = "much";
  EXPECT_TRUE(has(told(), "is no power"));
}

TEST_F(WhatIfs, WhatRunsOnANodeThatGoesIsLostAndBeginsAnewElsewhereOrAfterwards) {
  history = small_history({{0, 4, 100}, {0, 4, 100}});
  what_if.maintenance = {"50,80,b"};
  apply_well();
  const auto simulated = run();
  EXPECT_EQ(simulated->lost, 1u);
  const std::size_t on_b = simulated->jobs[0].where->parts[0].node.n == 1 ? 0 : 1;
  EXPECT_EQ(end_of(*simulated, 1 - on_b), 100);
  EXPECT_EQ(start_of(*simulated, on_b), 100) << "it avoids the devices on which it was lost";
  EXPECT_EQ(end_of(*simulated, on_b), 200);
}

TEST_F(WhatIfs, WithoutNodesTheWindowIsOfAllAndNothingStartsInIt) {
  history = small_history({{0, 1, 10}, {55, 1, 10}, {79, 1, 10}});
  what_if.maintenance = {"50,80"};
  apply_well();
  const auto simulated = run();
  EXPECT_EQ(simulated->lost, 0u);
  EXPECT_EQ(start_of(*simulated, 0), 0);
  EXPECT_EQ(start_of(*simulated, 1), 80);
  EXPECT_EQ(start_of(*simulated, 2), 80);
}

TEST_F(WhatIfs, NodesThatDrainTakeNothingNewAndLetTheRestEnd) {
  history = small_history({{0, 1, 45}, {40, 1, 20}});
  what_if.maintenance = {"50,80"};
  what_if.drain = "15s";
  apply_well();
  const auto simulated = run();
  EXPECT_EQ(simulated->lost, 0u);
  EXPECT_EQ(end_of(*simulated, 0), 45);
  EXPECT_EQ(start_of(*simulated, 1), 80);
}

TEST_F(WhatIfs, WindowsMayOverlapAndOneGangMayBeLostInSeveral) {
  history = small_history({{0, 1, 100}});
  what_if.maintenance = {"50,80", "70,90,a", "120,130"};
  apply_well();
  const auto simulated = run();
  EXPECT_EQ(simulated->lost, 2u);
  EXPECT_EQ(end_of(*simulated, 0), 230);
}

TEST_F(WhatIfs, WindowsBeforeAndAfterAllThatHappensChangeNothing) {
  history = small_history({{100, 1, 10}, {150, 1, 10}});
  what_if.maintenance = {"1,50", "200,1e9", "7e9,7.1e9"};
  apply_well();
  ASSERT_EQ(history.notes.size(), 3u);
  EXPECT_EQ(history.notes[0],
            "--maintenance 1,50 lies outside the history, which goes from 100 s to 160 s");
  const auto simulated = run();
  EXPECT_EQ(start_of(*simulated, 0), 100);
  EXPECT_EQ(to_seconds(simulated->end - simulated->begin), 60);
  EXPECT_NEAR(simulated->timeline.sum().used, 1000.0 * 20, 1);
}

TEST_F(WhatIfs, AWindowIsToldToLieOutsideInTheTimesOfTheHistory) {
  history = small_history({{1'000'000'000, 1, 10}});
  what_if.maintenance = {"3600,7200"};
  apply_well();
  ASSERT_EQ(history.notes.size(), 1u);
  EXPECT_TRUE(
      has(history.notes[0], "which goes from 2001-09-09T01:46:40Z to 2001-09-09T01:46:50Z"));
  history.notes.clear();
  what_if.maintenance = {"1000000005,1000000020"};
  apply_well();
  EXPECT_TRUE(history.notes.empty());
}

TEST_F(WhatIfs, AWindowThatIsOpenWhenTheHistoryBeginsHoldsItUp) {
  history = small_history({{100, 1, 10}});
  what_if.maintenance = {"50,130"};
  what_if.drain = "10d";
  apply_well();
  EXPECT_EQ(start_of(*run(), 0), 130);
}

TEST_F(WhatIfs, AWindowThatIsNoneIsRefused) {
  for (const char* text : {"", "50", "80,50", "50,50", "now,50", "50,80,", "50,80,n["}) {
    what_if.maintenance = {text};
    EXPECT_TRUE(has(refusal(), "names no window of time")) << text;
  }
  what_if.maintenance = {"50,80,c"};
  EXPECT_TRUE(has(refusal(), "there is no node 'c'"));
  what_if.maintenance = {"50,80"};
  what_if.drain = "soon";
  EXPECT_TRUE(has(refusal(), "--drain soon is no span of time"));
  what_if.maintenance = {};
  what_if.drain = "6h";
  EXPECT_TRUE(has(refusal(), "--drain goes with --maintenance"));
}

TEST_F(WhatIfs, StartsThatWouldDrawTooMuchPowerWaitAndAreNotOvertaken) {
  history = small_history({{0, 2, 10}, {1, 4, 10}, {2, 1, 10}});
  found.watts["A100"] = 400;
  found.watts_idle["A100"] = 100;
  what_if.power_limit = "2kW";  // 800 W idle: four in use
  apply_well();
  const auto simulated = run();
  EXPECT_EQ(start_of(*simulated, 0), 0);
  EXPECT_EQ(start_of(*simulated, 1), 10) << "two more may be in use, and it wants four";
  EXPECT_EQ(start_of(*simulated, 2), 20);
}

TEST_F(WhatIfs, WhatDrawsNoPowerWaitsForNone) {
  history = small_history({{0, 4, 10}, {1, 4, 10}, {2, 0, 10}});
  found.watts["A100"] = 100;
  what_if.power_limit = "0.4kW";
  apply_well();
  const auto simulated = run();
  EXPECT_EQ(start_of(*simulated, 1), 10);
  EXPECT_EQ(start_of(*simulated, 2), 2);
}

TEST_F(WhatIfs, AGangThatWouldDrawTooMuchAloneCanNeverRunAndHoldsUpNobody) {
  history = small_history({{0, 4, 10}, {0, 1, 10}});
  found.watts["A100"] = 100;
  what_if.power_limit = "300W";
  apply_well();
  const auto simulated = run();
  EXPECT_EQ(simulated->jobs[0].lot, Lot::hopeless);
  EXPECT_EQ(start_of(*simulated, 1), 0);
}

TEST_F(WhatIfs, ALimitOnPowerThatCannotBeMeantIsRefused) {
  what_if.power_limit = "300W";
  EXPECT_TRUE(has(refusal(), "those of 'A100' are not known"));
  found.watts["A100"] = 400;
  found.watts_idle["A100"] = 100;
  EXPECT_TRUE(has(refusal(), "the devices draw 800 watts when all are idle"));
  found.watts.clear();
  for (Node& node : found.cluster.nodes) node.devices.clear();
  EXPECT_TRUE(has(refusal(), "no node of the cluster has a device, and CPUs are not counted"));
  for (const char* text : {"much", "-1W", "kW", "2 kW", "1e30MW"}) {
    what_if.power_limit = text;
    EXPECT_TRUE(has(refusal(), "is no power")) << text;
  }
}

}  // namespace
}  // namespace gangline
