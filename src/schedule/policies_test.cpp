#include <gtest/gtest.h>

#include "schedule/policy.h"

namespace gangline {
namespace {

TEST(Policies, AreSetBesideTheirRows) {
  PolicySettings settings;
  settings.promises = 4;
  const auto easy = with(*find_policy("easy"), settings);
  ASSERT_TRUE(easy);
  EXPECT_EQ(easy->promises, 4u);
  EXPECT_EQ(title_of(*easy), "easy promises=4");
  settings.promises = everyone;
  settings.levels = {hours(1), hours(4)};
  EXPECT_EQ(title_of(*with(*find_policy("attained"), settings)),
            "attained promises=all levels=1h00m,4h00m");
  EXPECT_EQ(title_of(*find_policy("random")), "random");
}

TEST(Policies, RefuseWhatWouldMeanNothingToThem) {
  PolicySettings settings;
  settings.ages = hours(1);
  const auto easy = with(*find_policy("easy"), settings);
  ASSERT_FALSE(easy);
  EXPECT_EQ(easy.error().sentence(), "ages is no setting of the policy easy; it has: promises");
  EXPECT_TRUE(with(*find_policy("ageing"), settings));
  settings.ages.reset();
  settings.promises = 2;
  EXPECT_EQ(with(*find_policy("fifo"), settings).error().sentence(),
            "promises is no setting of the policy fifo; it has none");
  settings.promises.reset();
  settings.seed = 7;
  EXPECT_EQ(with(*find_policy("random"), settings)->seed, 7u);
  EXPECT_FALSE(only_those_of(*find_policy("fgd"), settings).seed);
}

TEST(Policies, HaveNamesOfTheirOwn) {
  for (const Policy& row : policies()) {
    EXPECT_EQ(find_policy(row.name)->place, row.place) << row.name;
    EXPECT_EQ(title_of(row), row.name);
    EXPECT_TRUE(with(row, {}));
  }
  EXPECT_FALSE(find_policy("easi"));
}

}  // namespace
}  // namespace gangline
