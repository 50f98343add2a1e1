#include "engine/slurm/node/sign_of_life.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "engine/slurm/sending.h"
#include "os/clock.h"

namespace gangline {
namespace {

class SignOfLifeTest : public ::testing::Test {
 protected:
  SignOfLifeTest() {
    char name[] = "/tmp/gangline-sign-XXXXXX";
    dir = ::mkdtemp(name);
  }
  ~SignOfLifeTest() override { std::filesystem::remove_all(dir); }
  std::string path() const { return dir + "/0.alive"; }
  bool within_seconds(int most, const std::function<bool()>& done) const {
    const Span begun = since_boot();
    while (!done()) {
      if (since_boot() - begun > seconds(most)) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  std::string dir;
};

TEST_F(SignOfLifeTest, changes_while_it_is_there_and_not_afterwards) {
  std::uint64_t last = 0;
  {
    const SignOfLife sign(path());
    ASSERT_TRUE(within_seconds(10, [&] { return read_sign(path()).value_or(0) >= 2; }));
    last = *read_sign(path());
  }
  EXPECT_FALSE(within_seconds(3, [&] { return read_sign(path()).value_or(0) > last + 1; }));
}

TEST_F(SignOfLifeTest, says_when_the_service_has_given_it_up) {
  SignOfLife sign(path());
  ASSERT_TRUE(within_seconds(10, [&] { return read_sign(path()).has_value(); }));
  EXPECT_FALSE(sign.given_up());
  ::unlink(path().c_str());
  EXPECT_TRUE(within_seconds(10, [&] { return sign.given_up(); }));
  EXPECT_TRUE(sign.given_up());
}

}  // namespace
}  // namespace gangline
