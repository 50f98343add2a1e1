#include "control/register.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

class Promises : public testing::Test {
 protected:
  Promises() {
    JobSpec spec;
    spec.name = "large";
    beliefs.apply(
        {now, JobSubmitted{{JobId{7}, "anna", 1000, now, std::make_shared<const JobSpec>(spec)}}});
    beliefs.apply({now, Promised{gang, now + hours(1)}});
  }
  const JobState& job() const { return *beliefs.find(JobId{7}); }

  const Time now{seconds(1'000'000).us};
  const GangId gang{JobId{7}, 0};
  Register beliefs;
};

TEST_F(Promises, OneThatWasGivenUpIsRememberedWithItsCause) {
  EXPECT_FALSE(job().given_up);
  beliefs.apply({now, PromiseGivenUp{gang, "node b is down"}});
  ASSERT_TRUE(job().given_up);
  EXPECT_EQ(job().given_up->promised, now + hours(1));
  EXPECT_EQ(job().given_up->cause, "node b is down");
}

TEST_F(Promises, ANewOneOrAStartMakesUpForIt) {
  beliefs.apply({now, PromiseGivenUp{gang, "node b is down"}});
  beliefs.apply({now, Promised{gang, now + hours(2)}});
  EXPECT_FALSE(job().given_up);
  beliefs.apply({now, PromiseGivenUp{gang, "node c is down"}});
  beliefs.apply({now, StartAsked{JobId{7}, 0, 1, 1, std::make_shared<const Allocation>()}});
  EXPECT_FALSE(job().given_up);
}

}  // namespace
}  // namespace gangline
