#include "launch/fence/shared_memory.h"

#include <gtest/gtest.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "os/clock.h"

namespace gangline {
namespace {

/// What processes left that have ended by now.
class Left : public testing::Test {
 protected:
  Left() {
    char name[] = "/tmp/gangline-shm-XXXXXX";
    directory_ = ::mkdtemp(name);
    gone_.uid = ::geteuid();
    gone_.began = now();
  }
  ~Left() override {
    if (segment_ >= 0) ::shmctl(segment_, IPC_RMID, nullptr);
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  /// A process that makes a segment and ends.
  void leave_segment() {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      const int id = ::shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
      _exit(::write(ends[1], &id, sizeof id) == sizeof id ? 0 : 1);
    }
    ASSERT_EQ(::read(ends[0], &segment_, sizeof segment_), static_cast<ssize_t>(sizeof segment_));
    ::close(ends[0]);
    ::close(ends[1]);
    ::waitpid(pid, nullptr, 0);
    gone_.pids = {pid};
  }
  bool segment_is_there() const {
    shmid_ds segment{};
    return ::shmctl(segment_, IPC_STAT, &segment) == 0;
  }
  void leave_file(const std::string& name) const { std::ofstream(directory_ + "/" + name) << "x"; }
  bool file_is_there(const std::string& name) const {
    return std::filesystem::exists(directory_ + "/" + name);
  }
  std::size_t remove() {
    gone_.ended = now();
    return remove_shared_memory(gone_, directory_);
  }

  std::string directory_;
  GoneProcesses gone_;
  int segment_ = -1;
};

TEST_F(Left, a_segment_of_a_task_that_nobody_has_attached_is_removed) {
  leave_segment();
  EXPECT_EQ(remove(), 1u);
  EXPECT_FALSE(segment_is_there());
}

TEST_F(Left, a_segment_that_somebody_has_attached_stays) {
  leave_segment();
  void* attached = ::shmat(segment_, nullptr, 0);
  EXPECT_EQ(remove(), 0u);
  EXPECT_TRUE(segment_is_there());
  ::shmdt(attached);
}

TEST_F(Left, a_segment_of_somebody_else_or_of_another_time_stays) {
  leave_segment();
  const auto pids = gone_.pids;
  gone_.pids = {pids[0] + 1};
  EXPECT_EQ(remove(), 0u);
  gone_.pids = pids;
  gone_.began = now() + minutes(1);
  EXPECT_EQ(remove(), 0u);
  EXPECT_TRUE(segment_is_there());
}

TEST_F(Left, a_file_named_by_a_task_is_removed_and_no_other) {
  gone_.pids = {424242};
  for (const char* name : {"torch_424242_17_0", "torch_4242421_0", "cache", "424242"})
    leave_file(name);
  EXPECT_EQ(remove(), 2u);
  EXPECT_FALSE(file_is_there("torch_424242_17_0"));
  EXPECT_FALSE(file_is_there("424242"));
  EXPECT_TRUE(file_is_there("torch_4242421_0"));
  EXPECT_TRUE(file_is_there("cache"));
}

TEST_F(Left, a_file_that_somebody_has_open_or_that_is_another_users_stays) {
  gone_.pids = {424242};
  leave_file("torch_424242_0");
  {
    const std::ifstream open(directory_ + "/torch_424242_0");
    EXPECT_EQ(remove(), 0u);
  }
  ++gone_.uid;
  EXPECT_EQ(remove(), 0u);
  --gone_.uid;
  EXPECT_EQ(remove(), 1u);
}

TEST_F(Left, a_link_named_by_a_task_stays_and_so_does_what_it_means) {
  gone_.pids = {424242};
  leave_file("precious");
  std::filesystem::create_symlink(directory_ + "/precious", directory_ + "/torch_424242");
  EXPECT_EQ(remove(), 0u);
  EXPECT_TRUE(file_is_there("precious"));
}

}  // namespace
}  // namespace gangline
