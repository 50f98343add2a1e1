#include "engine/slurm/sending.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace gangline {
namespace {

class SendingFilesTest : public ::testing::Test {
 protected:
  SendingFilesTest() {
    std::string made = "/tmp/gangline-sending-XXXXXX";
    directory = ::mkdtemp(made.data());
  }
  ~SendingFilesTest() override { std::filesystem::remove_all(directory); }

  std::string directory;
};

Claim claim_of(const std::string& slurm_job, std::uint32_t restarts) {
  Claim claim;
  claim.slurm_job = slurm_job;
  claim.restarts = restarts;
  claim.at = Time{1'000'000};
  claim.nodes = {{"n1", 2, {0, 1}}, {"n2", 1, {}}};
  claim.fences = {{"devices", true, "Slurm's device cgroup"}};
  return claim;
}

TEST_F(SendingFilesTest, the_first_claim_of_a_gang_stands_and_all_others_are_told_so) {
  const std::string path = directory + "/0.claim";
  EXPECT_EQ(*make_claim(path, claim_of("17", 0)), true);
  EXPECT_EQ(*make_claim(path, claim_of("17", 1)), false);
  EXPECT_EQ(*make_claim(path, claim_of("17", 0)), true);
  EXPECT_EQ(*read_claim(path), claim_of("17", 0));
}

TEST_F(SendingFilesTest, a_claim_that_nobody_made_is_empty_and_nonsense_is_an_error) {
  const std::string path = directory + "/0.claim";
  EXPECT_FALSE((*read_claim(path)).has_value());
  for (const char* text : {"", "slurm 17\n", "slurm 17 0 x\n", "slurm 17 0 1\nnode n1 many -\n"}) {
    std::ofstream(path, std::ios::trunc) << text;
    EXPECT_FALSE(read_claim(path).ok()) << text;
  }
}

TEST_F(SendingFilesTest, an_end_is_read_back_as_it_was_written) {
  const std::string path = directory + "/0.end";
  EXPECT_FALSE((*read_end(path)).has_value());
  EndNote end{Time{5}, Time{9}, {}};
  end.ending.cause = EndCause::failed;
  end.ending.exit_code = 3;
  ASSERT_TRUE(write_end(path, end).ok());
  const auto read = *read_end(path);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->started.us, 5);
  EXPECT_EQ(read->at.us, 9);
  EXPECT_EQ(read->ending, end.ending);
}

TEST_F(SendingFilesTest, an_order_is_read_back_as_it_was_written) {
  JobSpec spec;
  spec.name = "test";
  spec.command = {false, {"true"}};
  SendingOrder order;
  order.job.id = {7};
  order.job.spec = std::make_shared<const JobSpec>(spec);
  order.first = 3;
  order.count = 2;
  order.state_dir = "/home/anna/.local/state/gangline";
  order.id = "abc";
  const SendingFiles files(directory);
  ASSERT_TRUE(write_order(files, order).ok());
  const auto read = read_order(files);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read->job.spec, spec);
  EXPECT_EQ(read->first, 3u);
  EXPECT_EQ(read->id, "abc");
  std::ofstream(files.order(), std::ios::trunc) << "nonsense";
  EXPECT_FALSE(read_order(files).ok());
}

}  // namespace
}  // namespace gangline
