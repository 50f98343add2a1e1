#include "engine/slurm/awaited.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "os/file.h"

namespace gangline {
namespace {

class AwaitedTest : public ::testing::Test {
 protected:
  AwaitedTest() {
    std::string made = "/tmp/gangline-awaited-XXXXXX";
    state_ = ::mkdtemp(made.data());
    own_ = make({8}, "own", 1);
  }
  ~AwaitedTest() override { std::filesystem::remove_all(state_); }

  SendingFiles make(JobId job, const std::string& tag, std::uint32_t gangs) const {
    const SendingFiles files = SendingFiles::of(state_, job, tag);
    EXPECT_TRUE(make_directories(files.directory(), 0700));
    SendingOrder order;
    order.job.id = job;
    JobSpec spec;
    spec.command = {false, {"true"}};
    order.job.spec = std::make_shared<const JobSpec>(spec);
    order.count = gangs;
    EXPECT_TRUE(write_order(files, order));
    return files;
  }
  static void end(const SendingFiles& files, std::uint32_t gang, EndCause cause) {
    EndNote note;
    note.ending.cause = cause;
    EXPECT_TRUE(write_end(files.end(gang), note));
  }
  std::string missing() const { return not_ended_well(own_, state_); }

  std::string state_;
  SendingFiles own_{""};
};

TEST_F(AwaitedTest, nothing_noted_is_waited_for) { EXPECT_EQ(missing(), ""); }

TEST_F(AwaitedTest, all_gangs_of_all_that_was_noted_must_have_ended_well) {
  const SendingFiles one = make({3}, "one", 2), two = make({4}, "two", 1);
  ASSERT_TRUE(note_awaited(own_, {{{3}, "one", "17"}, {{4}, "two", "18"}}));
  EXPECT_EQ(missing(), "gang 3.0 has not ended well");
  end(one, 0, EndCause::done);
  EXPECT_EQ(missing(), "gang 3.1 has not ended well");
  end(one, 1, EndCause::done);
  end(two, 0, EndCause::failed);
  EXPECT_EQ(missing(), "gang 4.0 has not ended well");
  end(two, 0, EndCause::done);
  EXPECT_EQ(missing(), "");
}

TEST_F(AwaitedTest, what_the_service_has_cleared_away_had_ended) {
  ASSERT_TRUE(note_awaited(own_, {{{3}, "gone", "17"}}));
  EXPECT_EQ(missing(), "");
}

TEST_F(AwaitedTest, a_newer_note_takes_the_place_of_the_older) {
  make({3}, "one", 1);
  ASSERT_TRUE(note_awaited(own_, {{{3}, "one", "17"}}));
  EXPECT_NE(missing(), "");
  ASSERT_TRUE(note_awaited(own_, {}));
  EXPECT_EQ(missing(), "");
}

TEST(Awaited, slurm_is_told_the_numbers) {
  EXPECT_EQ(dependency_on({{{3}, "one", "17"}, {{4}, "two", "18"}}), "afterok:17:18");
}

}  // namespace
}  // namespace gangline
