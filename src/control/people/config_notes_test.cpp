#include "control/people/config_notes.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

/// Knows anna, and answers for each name after a while.
class SmallWorld final : public World {
 public:
  Time now() override { return now_; }
  void call_soon(std::function<void()>) override {}
  void call_later(Span, std::function<void()>) override {}
  bool may_be_login(const std::string& name) override {
    now_ = now_ + takes;
    ++asked;
    return name == "anna";
  }
  void pass(Span span) { now_ = now_ + span; }
  Span takes{0};
  int asked = 0;

 private:
  Time now_ = Time{} + hours(24 * 365 * 56);
};

using Notes = std::vector<std::string>;

TEST(NotesOnTheConfigFile, NameWhomTheMachineDoesNotKnowAndWhatIsOver) {
  SmallWorld world;
  House house;
  house.people["anna"] = {};
  house.people["anan"] = {};
  house.maintenance.push_back({"cooling", world.now() - hours(3), world.now() - hours(1)});
  house.maintenance.push_back({"now", world.now() - hours(1), world.now() + hours(1)});
  EXPECT_EQ(ConfigNotes().of(house, world),
            (Notes{"[people.anan] in the config file is for nobody: this machine knows no such "
                   "login name",
                   "[maintenance.cooling] in the config file is over: 2025-12-17 21:00 to 23:00 "
                   "UTC"}));
}

TEST(NotesOnTheConfigFile, AreFewWhateverStandsThere) {
  SmallWorld world;
  House house;
  for (int i = 0; i < 30; ++i) house.people["p" + std::to_string(i)] = {};
  const Notes notes = ConfigNotes().of(house, world);
  ASSERT_EQ(notes.size(), 11u);
  EXPECT_EQ(notes.back(), "and 20 more people in the config file are not known here");
}

TEST(NotesOnTheConfigFile, HoldUpNobodyWhereNamesAreNotAnswered) {
  SmallWorld world;
  world.takes = milliseconds(150);
  House house;
  for (int i = 0; i < 1000; ++i) house.people["p" + std::to_string(i)] = {};
  ConfigNotes notes;
  EXPECT_EQ(notes.of(house, world).size(), 2u);
  EXPECT_EQ(notes.of(house, world).size(), 2u);
  EXPECT_EQ(world.asked, 2) << "and are asked for seldom";
  world.pass(minutes(6));
  notes.of(house, world);
  EXPECT_EQ(world.asked, 4);
}

}  // namespace
}  // namespace gangline
