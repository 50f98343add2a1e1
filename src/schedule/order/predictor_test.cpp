#include "schedule/order/predictor.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

ResourceRequest gpus(std::uint32_t count) {
  ResourceRequest request;
  request.alternatives.front().devices.emplace();
  request.alternatives.front().devices->count = count;
  return request;
}

ToRun run_of(const std::string& owner, const std::string& name, std::uint32_t count = 1,
             std::optional<Span> limit = {}) {
  return to_run(owner, name, "normal", gpus(count), limit);
}

void see(Predictor& predictor, const ToRun& gang, Span run, int times = 1) {
  for (int i = 0; i < times; ++i) predictor.learn(gang, predictor.guess(gang), run);
}

std::optional<Prediction> ask(const Predictor& predictor, const ToRun& gang) {
  return predictor.best_of(predictor.guess(gang), gang);
}

TEST(Predictor, SaysNothingBeforeAnythingHasEnded) {
  EXPECT_FALSE(ask(Predictor(), run_of("ann", "train")));
}

TEST(Predictor, GoesByTheUsersOwnRunsOfThatName) {
  Predictor predictor;
  see(predictor, run_of("ann", "train"), hours(4), 10);
  see(predictor, run_of("ann", "test"), minutes(1), 10);
  see(predictor, run_of("bob", "train"), minutes(10), 10);
  const auto guess = ask(predictor, run_of("ann", "train"));
  ASSERT_TRUE(guess);
  EXPECT_EQ(guess->like, LikeIn::owner_and_name);
  EXPECT_NEAR(to_seconds(guess->run), 4 * 3600, 60);
}

TEST(Predictor, NumbersInANameDoNotTellRunsApart) {
  Predictor predictor;
  see(predictor, run_of("ann", "train-7"), hours(4), 4);
  see(predictor, run_of("ann", "other"), seconds(5), 4);
  EXPECT_NEAR(to_seconds(ask(predictor, run_of("ann", "train-12"))->run), 4 * 3600, 60);
}

TEST(Predictor, GoesByTheSizeWhereNamesSayLess) {
  Predictor predictor;
  for (int i = 0; i < 50; ++i) {  // whatever its name, eight devices are for long
    see(predictor, run_of("ann", "run", 1), minutes(1));
    see(predictor, run_of("ann", "run", 8), hours(10));
  }
  const auto guess = ask(predictor, run_of("ann", "run", 8));
  EXPECT_EQ(guess->like, LikeIn::owner_and_size);
  EXPECT_NEAR(to_seconds(guess->run), 36'000, 60);
  EXPECT_NEAR(guess->off_by, 1, 0.2);
}

TEST(Predictor, TellsByHowMuchSuchGuessesWereOff) {
  Predictor predictor;
  for (int i = 0; i < 100; ++i) see(predictor, run_of("ann", "dice"), seconds(i % 2 ? 100 : 1'600));
  // Between 100 and 1,600 s lies 400 s, a factor of four from both.
  const auto guess = ask(predictor, run_of("ann", "dice"));
  EXPECT_NEAR(to_seconds(guess->run), 400, 1);
  EXPECT_NEAR(guess->off_by, 4, 0.3);
}

TEST(Predictor, TakesThePartOfTheLimitWhereThatIsTheSameEachTime) {
  Predictor predictor;
  for (int i = 1; i <= 60; ++i)
    see(predictor, run_of("ann", "sweep", 1, hours(i % 20 + 1)), minutes(30 * (i % 20 + 1)));
  const auto guess = ask(predictor, run_of("ann", "sweep", 1, hours(100)));
  EXPECT_EQ(guess->like, LikeIn::limit);
  EXPECT_NEAR(to_seconds(guess->run), 50 * 3600, 600);
}

TEST(Predictor, ForetellsNoLongerRunThanTheLimit) {
  Predictor predictor;
  see(predictor, run_of("ann", "train"), hours(4), 10);
  EXPECT_EQ(ask(predictor, run_of("ann", "train", 1, minutes(30)))->run, minutes(30));
}

TEST(Predictor, OnlyTheNewestRunsCount) {
  Predictor predictor;
  see(predictor, run_of("ann", "train"), hours(4), 100);
  see(predictor, run_of("ann", "train"), minutes(1), 8);
  EXPECT_NEAR(to_seconds(ask(predictor, run_of("ann", "train"))->run), 60, 1);
}

TEST(Predictor, ForgetsWhatItHasNotMetForLong) {
  Predictor predictor;
  for (std::size_t i = 0; i < Predictor::most_remembered; ++i) {
    std::string owner;  // without digits, which say nothing
    for (std::size_t n = i; n > 0; n /= 26) owner += static_cast<char>('a' + n % 26);
    see(predictor, run_of("u" + owner, "train"), seconds(10));
  }
  EXPECT_LE(predictor.remembered(), Predictor::most_remembered);
  EXPECT_TRUE(ask(predictor, run_of("somebody", "else")));
}

}  // namespace
}  // namespace gangline
