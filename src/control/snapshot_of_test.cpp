#include "control/snapshot_of.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

TEST(SnapshotOf, SaysWhoseJobsRunMpsAndWhatTheyAreCalled) {
  Register beliefs;
  Usage usage{Settings{}};
  const auto submit = [&](std::uint64_t job, const std::string& owner, bool mps) {
    JobSpec spec;
    spec.name = "job";
    spec.mps = mps;
    spec.sweep = {{"n", {"1", "2"}}};
    beliefs.apply(
        {{},
         JobSubmitted{{{job}, owner, 0, {}, std::make_shared<const JobSpec>(std::move(spec))}}});
    usage.number_for(owner);
  };
  submit(1, "anna", false);
  Viewpoint from;
  from.usage = &usage;
  EXPECT_EQ(snapshot_of(beliefs, from, {}).people, nullptr) << "nobody asks for MPS";
  submit(2, "bert", true);
  Allocation allocation;
  allocation.parts = {NodePart{NodeId{0}, {TaskPlace{0, {{0, Share{500}}}, {}, {}}}}};
  beliefs.apply({{}, StartAsked{{2}, 0, 1, 1, std::make_shared<const Allocation>(allocation)}});
  const Snapshot snapshot = snapshot_of(beliefs, from, {});
  ASSERT_EQ(snapshot.waiting.size(), 2u);
  EXPECT_FALSE(snapshot.waiting[0].mps);
  EXPECT_TRUE(snapshot.waiting[1].mps);
  ASSERT_EQ(snapshot.holders.size(), 1u);
  EXPECT_TRUE(snapshot.holders[0].mps);
  ASSERT_NE(snapshot.people, nullptr);
  EXPECT_EQ(snapshot.people->at(snapshot.holders[0].user), "bert");
}

}  // namespace
}  // namespace gangline
