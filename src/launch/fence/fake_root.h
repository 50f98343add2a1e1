// For tests: control groups that are only files, and a user who is not root.
#pragma once

#include <grp.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "os/file.h"

namespace gangline {

/// A tree that looks like /proc/self and /sys/fs/cgroup.
class FakeRoot {
 public:
  FakeRoot() {
    char name[] = "/tmp/gangline-root-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~FakeRoot() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  void write(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path_ + file).parent_path());
    std::ofstream(path_ + file) << text;
  }
  /// All of it belongs to that user from now on.
  void give_to(unsigned uid) const {
    ::chown(path_.c_str(), uid, uid);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path_))
      ::lchown(entry.path().c_str(), uid, uid);
  }
  std::string read(const std::string& file) const {
    const auto text = read_file(path_ + file);
    return text ? *text : "(missing)";
  }

 private:
  std::string path_;
};

constexpr unsigned nobody = 65534;

/// In a child that is not root: what `what` expects must be true. Where this is not root, as
/// itself. `first` is called in the child before.
template <class What, class First>
void expect_as_nobody(What what, First first) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    first();
    const bool was_root = ::geteuid() == 0;
    if (was_root &&
        (::setgroups(0, nullptr) != 0 || ::setgid(nobody) != 0 || ::setuid(nobody) != 0))
      ::_exit(99);
    ::prctl(PR_SET_DUMPABLE, 1);  // as one that was never root
    what();
    ::fflush(nullptr);
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0) << "what it expected is told above";
}
template <class What>
void expect_as_nobody(What what) {
  expect_as_nobody(what, [] {});
}

}  // namespace gangline
