// For tests: a machine in a temporary directory, with a fake NVML and a root path of its own.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "devices/discover.h"

namespace gangline {

/// An environment variable with another value for as long as this lives.
class ScopedVariable {
 public:
  ScopedVariable(std::string name, const std::string& value) : name_(std::move(name)) {
    if (const char* before = std::getenv(name_.c_str())) before_ = before;
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  ~ScopedVariable() {
    if (before_) ::setenv(name_.c_str(), before_->c_str(), 1);
    else ::unsetenv(name_.c_str());
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  std::string name_;
  std::optional<std::string> before_;
};

class SmallMachine {
 public:
  SmallMachine()
      : directory_(made_directory()),
        profile_("FAKE_NVML_FILE", directory_ + "/profile.txt"),
        root_("GANGLINE_ROOT", root()),
        library_("GANGLINE_NVML", std::string(BINARY_DIR) + "/fake_nvml/libnvidia-ml.so.1") {
    profile("");
    std::filesystem::create_directories(root());
  }
  ~SmallMachine() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  SmallMachine(const SmallMachine&) = delete;
  SmallMachine& operator=(const SmallMachine&) = delete;

  std::string root() const { return directory_ + "/root"; }

  /// `variant`: "", "old/" or "least/".
  Sources sources(const std::string& variant = "") const {
    return {root(), std::string(BINARY_DIR) + "/fake_nvml/" + variant + "libnvidia-ml.so.1"};
  }

  /// A file below the root.
  void file(const std::string& path, const std::string& text) const {
    const std::filesystem::path whole = root() + path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
  }

  /// What the fake NVML is from now on; whole at once, so that it is never seen half written.
  void profile(const std::string& text) const {
    std::ofstream(directory_ + "/profile.new") << text;
    std::filesystem::rename(directory_ + "/profile.new", directory_ + "/profile.txt");
  }
  /// The same from a file of tests/fake_nvml.
  void profile_of(const std::string& name) const { profile(text_of(name)); }
  static std::string text_of(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(std::string(SOURCE_DIR) + "/tests/fake_nvml/" + name).rdbuf();
    EXPECT_FALSE(text.str().empty()) << name;
    return text.str();
  }

  /// A process of somebody in /proc and /etc/passwd.
  void process(int pid, int uid, const std::string& user, const std::string& command) const {
    const std::string uids = std::to_string(uid) + "\t" + std::to_string(uid);
    file("/proc/" + std::to_string(pid) + "/status",
         "Name:\t" + command + "\nUid:\t" + uids + "\t" + uids + "\nGid:\t0\t0\t0\t0\n");
    file("/proc/" + std::to_string(pid) + "/comm", command + "\n");
    file("/etc/passwd", "root:x:0:0::/root:/bin/sh\n" + user + ":x:" + std::to_string(uid) +
                            ":100::/home:/bin/sh\n");
  }

 private:
  static std::string made_directory() {
    std::string name = std::filesystem::temp_directory_path().string() + "/gangline-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    EXPECT_EQ(::chmod(name.c_str(), 0755), 0);  // also for NotRoot
    return name;
  }

  std::string directory_;
  ScopedVariable profile_, root_, library_;
};

/// Root reads all, so for as long as this lives a test of root is somebody else. What has been made
/// of the machine can be read by them, but for what was closed.
class NotRoot {
 public:
  NotRoot() {
    if (is_root_) {
      EXPECT_EQ(::setresuid(nobody, nobody, 0), 0);
    }
  }
  ~NotRoot() {
    if (is_root_) {
      EXPECT_EQ(::setresuid(0, 0, 0), 0);
    }
  }
  NotRoot(const NotRoot&) = delete;
  NotRoot& operator=(const NotRoot&) = delete;

 private:
  static constexpr uid_t nobody = 65534;
  bool is_root_ = ::geteuid() == 0;
};

/// All notes, a line each.
inline std::string notes_of(const Node& node) {
  std::string notes;
  for (const std::string& note : node.notes) notes += note + "\n";
  return notes;
}

}  // namespace gangline
