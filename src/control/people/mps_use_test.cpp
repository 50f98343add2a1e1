#include "control/people/mps_use.h"

#include <gtest/gtest.h>

#include "control/snapshot_of.h"

namespace gangline {
namespace {

class SharedByMps : public testing::Test {
 protected:
  void submit(std::uint64_t job, std::uint32_t uid, bool mps) {
    JobSpec spec;
    spec.name = "job";
    spec.mps = mps;
    spec.sweep = {{"n", {"1", "2"}}};
    beliefs_.apply(
        {{},
         JobSubmitted{
             {{job}, std::to_string(uid), uid, {}, std::make_shared<const JobSpec>(spec)}}});
  }
  void start(std::uint64_t job, std::uint32_t device) {
    Allocation allocation;
    allocation.parts = {NodePart{NodeId{0}, {TaskPlace{0, {{device, Share{500}}}, {}, {}}}}};
    beliefs_.apply(
        {{}, StartAsked{{job}, 0, 1, 1, std::make_shared<const Allocation>(allocation)}});
  }
  /// Devices that the waiting gangs of a job are to leave to others where they can.
  std::vector<DeviceId> avoided_by(std::uint64_t job) const {
    Viewpoint from;
    from.mps = &use_;
    const auto groups = waiting_groups_of(*beliefs_.find({job}), from);
    return groups.empty() ? std::vector<DeviceId>{} : groups.front().avoid;
  }
  using Devices = std::vector<DeviceId>;

  Register beliefs_;
  MpsUse use_;
};

TEST_F(SharedByMps, AGpuServesOneUserAndOthersGoElsewhereWhereTheyCan) {
  submit(1, 1000, true);
  submit(2, 1001, true);
  submit(3, 1000, true);
  submit(4, 1001, false);
  EXPECT_FALSE(use_.look_at(beliefs_, {{1}, {2}, {3}, {4}}));
  start(1, 2);
  EXPECT_TRUE(use_.look_at(beliefs_, {{1}}));
  EXPECT_FALSE(use_.look_at(beliefs_, {{1}})) << "as before";
  EXPECT_EQ(use_.jobs(), (std::set<JobId>{{1}, {2}, {3}}));
  EXPECT_EQ(avoided_by(2), (Devices{{{0}, 2}}));
  EXPECT_EQ(avoided_by(3), Devices{}) << "the same user's";
  EXPECT_EQ(avoided_by(4), Devices{}) << "without MPS a share is a share beside it";
  beliefs_.apply({{}, GangEnded{{{1}, 0}, 1, {}, {}, false}});
  EXPECT_TRUE(use_.look_at(beliefs_, {{1}}));
  EXPECT_EQ(avoided_by(2), Devices{});
}

TEST_F(SharedByMps, WhatIsGoneHoldsNothing) {
  submit(1, 1000, true);
  start(1, 0);
  EXPECT_TRUE(use_.look_at(beliefs_, {{1}}));
  beliefs_.drop({1});
  EXPECT_TRUE(use_.look_at(beliefs_, {{1}}));
  EXPECT_EQ(use_.of_others(1001), Devices{});
  EXPECT_TRUE(use_.jobs().empty());
}

}  // namespace
}  // namespace gangline
