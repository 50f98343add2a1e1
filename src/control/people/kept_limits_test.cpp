#include "control/people/kept_limits.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

class Kept : public testing::Test {
 protected:
  void submit(std::uint64_t job, const std::string& owner, std::size_t gangs) {
    JobSpec spec;
    spec.name = "job";
    spec.sweep = {{"n", std::vector<std::string>(gangs, "1")}};
    beliefs_.apply(
        {{}, JobSubmitted{{{job}, owner, 1000, {}, std::make_shared<const JobSpec>(spec)}}});
  }
  std::pair<std::uint64_t, std::uint64_t> of(const std::string& owner) const {
    const Register::Kept kept = beliefs_.kept_of(owner);
    return {kept.jobs, kept.waiting_gangs};
  }
  using Numbers = std::pair<std::uint64_t, std::uint64_t>;

  Register beliefs_;
};

TEST_F(Kept, IsCountedForEachPersonUntilItHasEnded) {
  submit(1, "anna", 10);
  submit(2, "anna", 5);
  submit(3, "bert", 1);
  EXPECT_EQ(of("anna"), Numbers(2, 15));
  EXPECT_EQ(of("bert"), Numbers(1, 1));
  beliefs_.apply({{}, StartAsked{{1}, 0, 4, 1, std::make_shared<const Allocation>()}});
  EXPECT_EQ(of("anna"), Numbers(2, 11)) << "what runs does not wait";
  beliefs_.apply({{}, GangEnded{{{1}, 0}, 1, {}, {}, true}});
  EXPECT_EQ(of("anna"), Numbers(2, 12)) << "it waits again";
  beliefs_.drop({1});
  EXPECT_EQ(of("anna"), Numbers(1, 5));
  beliefs_.drop({2});
  EXPECT_EQ(of("anna"), Numbers(0, 0));
}

TEST_F(Kept, IsTooMuchOnlyBeyondALimit) {
  PersonLimits limits;
  EXPECT_FALSE(exceeds_kept(limits, "anna", {1'000'000, 1'000'000}, 1'000'000)) << "there is none";
  limits.jobs = 3;
  limits.waiting_gangs = 10;
  EXPECT_FALSE(exceeds_kept(limits, "anna", {2, 4}, 6));
  EXPECT_EQ(exceeds_kept(limits, "anna", {2, 9}, 2)->sentence(),
            "anna may have 10 gangs waiting; 9 are waiting, and this job has 2; wait for some to "
            "start, or stop some");
  EXPECT_TRUE(exceeds_kept(limits, "anna", {3, 0}, 1));
  EXPECT_TRUE(exceeds_kept(limits, "anna", {4, 0}, 1)) << "the limit was lowered";
}

}  // namespace
}  // namespace gangline
