#include "control/house_rules.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

Time at(Span since) { return Time{} + hours(500'000) + since; }

// One person's gangs, each with one device, from one hour to another.
class HouseOfPeople : public testing::Test {
 protected:
  void begin() {
    usage_.emplace(settings_);
    usage_->count_hours();
    book_.emplace(settings_);
  }
  void happen(Span when, decltype(Event::body) body) {
    const Event event{at(when), std::move(body)};
    usage_->learn(event, beliefs_);
    beliefs_.apply(event);
  }
  void start(std::uint64_t job, const std::string& owner, Span when) {
    JobSpec spec;
    happen(when,
           JobSubmitted{
               {{job}, owner, 1, at(when), std::make_shared<const JobSpec>(std::move(spec))}});
    TaskPlace task;
    task.devices.push_back({0});
    happen(when,
           StartAsked{{job},
                      0,
                      1,
                      1,
                      std::make_shared<const Allocation>(Allocation{0, {NodePart{{0}, {task}}}})});
  }
  void end(std::uint64_t job, Span when) {
    happen(when, GangEnded{{{job}, 0}, 1, at(when), {}, false});
  }
  std::vector<std::string> said(Span when) {
    std::vector<std::string> texts;
    const auto rules = book_->rules(*usage_, at(when));
    if (rules != nullptr)
      for (const HouseRule& rule : *rules) texts.push_back(rule.says);
    return texts;
  }

  Settings settings_;
  std::optional<Usage> usage_;
  std::optional<HouseBook> book_;
  Register beliefs_;
};

TEST_F(HouseOfPeople, WithoutLimitsThereAreNoRules) {
  begin();
  EXPECT_TRUE(book_->is_empty());
  EXPECT_EQ(book_->rules(*usage_, at(hours(1))), nullptr);
  EXPECT_EQ(book_->again(at(hours(1))), never);
}

TEST_F(HouseOfPeople, WhoHasUsedTheirHoursStartsNothingUntilEnoughOfThatIsLongAgo) {
  settings_.house.people["anna"].device_hours = 4;
  settings_.house.period = hours(24);
  begin();
  start(1, "anna", hours(0));
  start(2, "bob", hours(0));
  EXPECT_TRUE(said(hours(3)).empty());
  EXPECT_EQ(said(hours(4)),
            (std::vector<std::string>{"anna has used all of the 4 device-hours in 1d00h; nothing "
                                      "starts until enough of that is longer ago"}));
  EXPECT_EQ(book_->again(at(hours(4))), at(hours(4) + minutes(1))) << "looked at each minute";
  end(1, hours(5));
  EXPECT_EQ(said(hours(20)).size(), 1u);
  EXPECT_EQ(said(hours(25)).size(), 1u) << "four of the five hours are not old enough";
  EXPECT_TRUE(said(hours(26) + minutes(1)).empty());
}

TEST_F(HouseOfPeople, WhatIsLimitedIsAlsoWhatAJobIsRefusedFor) {
  settings_.house.everybody.devices = 2;
  settings_.house.people["anna"] = {};
  settings_.queues.emplace_back().name = "night";
  settings_.queues.back().each.devices = 1;
  begin();
  ResourceRequest two;
  two.alternatives[0].devices = DeviceRequest{};
  two.alternatives[0].devices->count = 2;
  EXPECT_FALSE(book_->why_never(0, "bob", two));
  EXPECT_EQ(book_->why_never(1, "anna", two)->what,
            "it wants 2 devices at once, and anna may hold 1 device at once in queue night");
  two.alternatives[0].devices->count = 3;
  EXPECT_EQ(book_->why_never(0, "bob", two)->what,
            "it wants 3 devices at once, and bob may hold 2 devices at once");
  EXPECT_FALSE(book_->why_never(0, "anna", two));
}

}  // namespace
}  // namespace gangline
