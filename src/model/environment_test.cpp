#include "model/environment.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

TEST(SharedEnvironments, EqualOnesAreHeldOnceAndOthersApart) {
  SharedEnvironments shared;
  const Environment one = shared.share({{"PATH", "/bin"}, {"LANG", "C"}});
  const Environment same = shared.share({{"PATH", "/bin"}, {"LANG", "C"}});
  const Environment other = shared.share({{"PATH", "/bin"}, {"LANG", "de"}});
  EXPECT_EQ(&one.vars(), &same.vars());
  EXPECT_NE(&one.vars(), &other.vars());
  EXPECT_EQ(one, (Environment{{"PATH", "/bin"}, {"LANG", "C"}}));
  EXPECT_EQ(other.vars()[1].second, "de");
}

TEST(SharedEnvironments, OneThatNobodyUsesAnyMoreIsForgotten) {
  SharedEnvironments shared;
  for (int i = 0; i < 10'000; ++i) {
    const Environment passing = shared.share({{"NUMBER", std::to_string(i)}});
    EXPECT_EQ(passing.size(), 1u);
  }
  EXPECT_LE(shared.known(), 128u);
}

TEST(SharedEnvironments, NoneIsEmpty) {
  SharedEnvironments shared;
  EXPECT_TRUE(shared.share({}).empty());
  EXPECT_EQ(Environment{}, Environment(std::vector<EnvVar>{}));
}

}  // namespace
}  // namespace gangline
