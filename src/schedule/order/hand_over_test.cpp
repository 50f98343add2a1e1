#include "schedule/order/hand_over.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

WaitingGroup group_of(JobId job, std::int64_t submitted) {
  WaitingGroup group;
  group.job = job;
  group.count = 5;
  group.submitted = Time{submitted};
  group.request = std::make_shared<const ResourceRequest>();
  return group;
}

TEST(HandOver, starts_all_without_places_in_the_order_in_which_they_came) {
  const auto starts = hand_over({group_of({2}, 20), group_of({3}, 10)});
  ASSERT_EQ(starts.size(), 2u);
  EXPECT_EQ(starts[0].job, JobId{3});
  EXPECT_EQ(starts[0].count, 5u);
  EXPECT_TRUE(starts[0].allocation->parts.empty());
}

TEST(HandOver, takes_the_alternative_that_is_liked_best) {
  ResourceRequest request;
  request.alternatives.resize(2);
  request.alternatives[1].rate = 2'000;
  WaitingGroup group = group_of({1}, 1);
  group.request = std::make_shared<const ResourceRequest>(request);
  EXPECT_EQ(hand_over({group}).at(0).allocation->alternative, 1u);
}

}  // namespace
}  // namespace gangline
