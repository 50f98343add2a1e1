#include "launch/mps/mps_daemons.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

/// A control program that comes up as the test itself, and only says that it was told to quit.
class FakeControl : public testing::Test {
 protected:
  FakeControl() {
    char name[] = "/tmp/gangline-mps-XXXXXX";
    path_ = ::mkdtemp(name);
    std::ofstream(path_ + "/nvidia-cuda-mps-control")
        << "#!/bin/sh\n"
           "pid=\"$CUDA_MPS_PIPE_DIRECTORY/nvidia-cuda-mps-control.pid\"\n"
           "[ \"$1\" = -d ] && { echo $CUDA_VISIBLE_DEVICES >> "
        << path_ << "/started; exec echo " << ::getpid() << " > \"$pid\"; }\n"
        << "read -r word && [ \"$word\" = quit ] && rm \"$pid\"\n";
    std::filesystem::permissions(path_ + "/nvidia-cuda-mps-control", std::filesystem::perms(0755));
    before_ = std::getenv("PATH");
    ::setenv("PATH", (path_ + ":" + before_).c_str(), 1);
    node_.devices.resize(2);
    for (std::size_t i = 0; i < 2; ++i) {
      node_.devices[i].vendor = "nvidia";
      node_.devices[i].uid = "GPU-" + std::to_string(i);
      node_.devices[i].memory = gibibytes(80);
    }
  }
  ~FakeControl() override {
    ::setenv("PATH", before_.c_str(), 1);
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  static NodePart part(std::uint32_t device, Share share = whole_device) {
    NodePart part{NodeId{0}, {TaskPlace{}}};
    part.tasks[0].devices = {{device, share}};
    return part;
  }
  static GangId gang(std::uint32_t n) { return {{n}, 0}; }
  std::string started() const {
    const auto text = read_file(path_ + "/started");
    return text ? *text : "";
  }

  std::string path_, before_;
  Node node_;
};

TEST_F(FakeControl, one_daemon_serves_all_gangs_of_a_user_on_a_gpu_and_no_other_user) {
  MpsDaemons daemons(path_ + "/mps", "mps@e");
  EXPECT_TRUE(daemons.begin(gang(1), 1000, node_, part(0)));
  EXPECT_TRUE(daemons.begin(gang(2), 1000, node_, part(0)));
  EXPECT_EQ(started(), "GPU-0\n");
  const auto others = daemons.begin(gang(3), 2000, node_, part(0));
  ASSERT_FALSE(others);
  EXPECT_EQ(others.error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(daemons.begin(gang(3), 2000, node_, part(1)));
  EXPECT_EQ(started(), "GPU-0\nGPU-1\n");
  // When the first user's gangs are over, the daemon is the other's.
  daemons.end(gang(1));
  daemons.end(gang(2));
  EXPECT_TRUE(daemons.begin(gang(4), 2000, node_, part(0)));
  EXPECT_EQ(started(), "GPU-0\nGPU-1\n");
}

TEST_F(FakeControl, a_daemon_stays_for_a_moment_and_then_is_asked_to_end) {
  MpsDaemons daemons(path_ + "/mps", "mps@e");
  EXPECT_TRUE(daemons.begin(gang(1), 1000, node_, part(0)));
  EXPECT_FALSE(daemons.has_unneeded());
  daemons.end(gang(1));
  daemons.tick(since_boot());
  EXPECT_TRUE(daemons.has_unneeded());
  daemons.tick(since_boot() + seconds(3));
  EXPECT_FALSE(daemons.has_unneeded());
}

TEST_F(FakeControl, a_task_is_told_its_share_as_threads_and_memory) {
  const MpsDaemons daemons(path_ + "/mps", "mps@e");
  const auto whole = daemons.variables(node_, part(0).tasks[0]);
  ASSERT_EQ(whole.size(), 1u);
  EXPECT_EQ(whole[0].first, "CUDA_MPS_PIPE_DIRECTORY");
  const auto quarter = daemons.variables(node_, part(0, {250}).tasks[0]);
  ASSERT_EQ(quarter.size(), 3u);
  EXPECT_EQ(quarter[1], (EnvVar{"CUDA_MPS_ACTIVE_THREAD_PERCENTAGE", "25"}));
  EXPECT_EQ(quarter[2], (EnvVar{"CUDA_MPS_PINNED_DEVICE_MEM_LIMIT", "0=20480M"}));
  node_.devices[1].vendor = "amd";
  EXPECT_TRUE(daemons.variables(node_, part(1).tasks[0]).empty());
}

}  // namespace
}  // namespace gangline
