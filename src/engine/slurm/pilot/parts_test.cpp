#include "engine/slurm/pilot/parts.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

const GangId gang{{7}, 3};

GangStarted begins(bool fenced = true) {
  return {gang, 2, {{"cpus", fenced, fenced ? "kept" : "a program can undo it"}}};
}

GangEnded ends(EndCause cause, Time started = Time{1}) {
  GangEnded ended{gang, 2, started, {}, false};
  ended.ending.cause = cause;
  ended.ending.cpu_time = seconds(2);
  ended.ending.peak_memory = Bytes{started.us};
  return ended;
}

TEST(GangOfParts, has_begun_when_all_its_parts_have) {
  GangOfParts parts(gang, 2, 2);
  EXPECT_FALSE(parts.began(1, Time{5}, begins()));
  const auto begun = parts.began(0, Time{4}, begins(false));
  ASSERT_TRUE(begun);
  EXPECT_EQ(begun->at, Time{5});
  const auto& started = std::get<GangStarted>(begun->body);
  EXPECT_EQ(started.gang, gang);
  EXPECT_EQ(started.attempt, 2u);
  ASSERT_EQ(started.fences.size(), 1u);
  EXPECT_FALSE(started.fences[0].holds);  // as on the node that has the weaker one
}

TEST(GangOfParts, has_ended_when_all_its_parts_have) {
  GangOfParts parts(gang, 2, 2);
  EXPECT_FALSE(parts.ended(0, Time{9}, ends(EndCause::done, Time{2})));
  EXPECT_FALSE(parts.is_failing());
  const auto over = parts.ended(1, Time{8}, ends(EndCause::done, Time{3}));
  ASSERT_TRUE(over);
  EXPECT_EQ(over->at, Time{9});
  const auto& ended = std::get<GangEnded>(over->body);
  EXPECT_EQ(ended.ending.cause, EndCause::done);
  EXPECT_EQ(ended.started, Time{3});
  EXPECT_EQ(ended.ending.cpu_time, seconds(4));
  EXPECT_EQ(ended.ending.peak_memory, Bytes{3});
}

TEST(GangOfParts, ends_as_the_part_that_failed_first) {
  GangOfParts parts(gang, 2, 3);
  GangEnded first = ends(EndCause::failed);
  first.ending.exit_code = 7;
  first.ending.rank = 4;
  parts.ended(1, Time{3}, first);
  EXPECT_TRUE(parts.is_failing());
  EXPECT_TRUE(parts.has_ended(1));
  EXPECT_FALSE(parts.has_ended(0));
  parts.ended(0, Time{4}, ends(EndCause::stopped));
  const auto over = parts.ended(2, Time{5}, ends(EndCause::done));
  ASSERT_TRUE(over);
  const Ending& ending = std::get<GangEnded>(over->body).ending;
  EXPECT_EQ(ending.cause, EndCause::failed);
  EXPECT_EQ(ending.exit_code, 7);
  EXPECT_EQ(ending.rank, 4u);
}

TEST(GangOfParts, never_ran_where_a_part_never_began) {
  GangOfParts parts(gang, 2, 2);
  parts.began(0, Time{1}, begins());
  parts.ended(1, Time{2}, ends(EndCause::not_started, Time{0}));
  const auto over = parts.ended(0, Time{3}, ends(EndCause::stopped));
  ASSERT_TRUE(over);
  const auto& ended = std::get<GangEnded>(over->body);
  EXPECT_EQ(ended.ending.cause, EndCause::not_started);
  EXPECT_EQ(ended.started, Time{0});
}

TEST(GangOfParts, hears_an_end_twice_and_counts_it_once) {
  GangOfParts parts(gang, 2, 2);
  EXPECT_FALSE(parts.ended(0, Time{1}, ends(EndCause::done)));
  EXPECT_FALSE(parts.ended(0, Time{1}, ends(EndCause::done)));
  EXPECT_TRUE(parts.ended(1, Time{1}, ends(EndCause::done)));
}

}  // namespace
}  // namespace gangline
