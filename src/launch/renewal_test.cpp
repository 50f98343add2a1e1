#include "launch/renewal.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "launch/job_files.h"
#include "launch/launcher.h"
#include "os/file.h"
#include "os/unix_socket.h"

namespace gangline {
namespace {

class Renewal : public testing::Test {
 protected:
  Renewal() {
    char name[] = "/tmp/gangline-renewal-XXXXXX";
    directory_ = ::mkdtemp(name);
    program_ = directory_ + "/gang";
    write("#!/bin/sh\n[ \"$*\" = \"internal-launcher --take-over 1\" ]\n");
  }
  ~Renewal() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  void write(const std::string& text) const {
    std::ofstream(program_) << text;
    ::chmod(program_.c_str(), 0755);
  }

  std::string directory_, program_;
};

TEST_F(Renewal, another_file_that_root_alone_can_change_is_a_newer_program) {
  if (::geteuid() != 0) GTEST_SKIP() << "the file has to be root's";
  EXPECT_TRUE(is_renewed(program_));
  EXPECT_FALSE(is_renewed("")) << "nothing was named";
  EXPECT_FALSE(is_renewed(directory_)) << "no file";
  EXPECT_FALSE(is_renewed(directory_ + "/none"));
  EXPECT_FALSE(is_renewed("/proc/self/exe")) << "the one that runs";
  for (const mode_t mode : {0775u, 0757u, 0644u}) {
    ::chmod(program_.c_str(), mode);
    EXPECT_FALSE(is_renewed(program_)) << std::oct << mode;
  }
  ::chmod(program_.c_str(), 0755);
  ASSERT_EQ(::chown(program_.c_str(), 65534, 0), 0);
  EXPECT_FALSE(is_renewed(program_)) << "somebody else's";
}

TEST_F(Renewal, a_program_is_tried_before_it_takes_over) {
  EXPECT_TRUE(can_take_over(program_));
  EXPECT_FALSE(can_take_over(directory_ + "/none"));
  write("#!/bin/sh\nexit 2\n");
  EXPECT_FALSE(can_take_over(program_)) << "one that does not know this way";
  write("no program");
  EXPECT_FALSE(can_take_over(program_));
}

TEST_F(Renewal, an_order_to_take_over_names_this_way_and_two_descriptors_or_none) {
  const auto asked = parse_take_over({"internal-launcher", "--take-over", "1"});
  ASSERT_TRUE(asked);
  EXPECT_TRUE(asked->only_asked());
  const auto ordered = parse_take_over({"internal-launcher", "--take-over", "1", "3", "9"});
  ASSERT_TRUE(ordered);
  EXPECT_FALSE(ordered->only_asked());
  EXPECT_EQ(ordered->lock, 3);
  EXPECT_EQ(ordered->listener, 9);
  using Words = std::vector<std::string>;
  for (const Words& other :
       {Words{"internal-launcher", "--take-over", "2"},
        Words{"internal-launcher", "--take-over", "1", "3"},
        Words{"internal-launcher", "--take-over", "1", "3", "3"},
        Words{"internal-launcher", "--take-over", "1", "2", "3"},
        Words{"internal-launcher", "--take-over", "1", "x", "3"}, Words{"internal-launcher"}})
    EXPECT_FALSE(parse_take_over(other));
}

/// As a guardian leaves it to the program that it becomes. Returns the new launcher's end.
int status_of_taken_over(const std::string& state) {
  const std::string directory = JobFiles(state).launcher_directory();
  EXPECT_TRUE(make_private_directory(directory));
  auto lock = try_lock(directory + "/lock");
  auto listener = listen_unix(launcher_socket(state));
  EXPECT_TRUE(lock && lock->open() && listener);
  const pid_t pid = ::fork();
  if (pid == 0) {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGPIPE);
    ::sigprocmask(SIG_BLOCK, &blocked, nullptr);
    ::raise(SIGPIPE);
    LauncherSettings settings;
    settings.state_dir = state;
    settings.foreground = true;
    settings.idle_exit = milliseconds(1);
    settings.taken_over = TakeOver{lock->number(), listener->number()};
    _exit(run_launcher(settings));
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  return status;
}

TEST_F(Renewal, a_signal_of_the_program_before_does_not_end_the_new_one) {
  const int status = status_of_taken_over(directory_);
  EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace gangline
