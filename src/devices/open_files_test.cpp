#include "devices/open_files.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "devices/small_machine.h"

namespace gangline {
namespace {

class Open : public testing::Test {
 protected:
  void open(int pid, int fd, const std::string& target) const {
    const std::string fds = machine_.root() + "/proc/" + std::to_string(pid) + "/fd";
    std::filesystem::create_directories(fds);
    std::filesystem::create_symlink(target, fds + "/" + std::to_string(fd));
  }
  std::size_t holders() { return files_.read({"/dev/dfl-port.0"})["/dev/dfl-port.0"].size(); }

  SmallMachine machine_;
  OpenFiles files_{machine_.root()};
};

TEST_F(Open, HoldersAreFoundWithTheirDescriptors) {
  open(12, 3, "/dev/dfl-port.0");
  open(12, 11, "/dev/dfl-port.0");
  open(12, 4, "/dev/null");
  open(7, 3, "/dev/dfl-port.1");
  open(9, 3, "socket:[12]");
  machine_.file("/proc/meminfo", "");
  const auto found = files_.read({"/dev/dfl-port.0", "/dev/dfl-port.1", "/dev/dfl-port.2"});
  ASSERT_EQ(found.size(), 2u);
  ASSERT_EQ(found.at("/dev/dfl-port.0").size(), 1u);
  EXPECT_EQ(found.at("/dev/dfl-port.0")[0].pid, 12);
  EXPECT_EQ(found.at("/dev/dfl-port.0")[0].fds, (std::vector<std::uint32_t>{3, 11}));
  EXPECT_EQ(found.at("/dev/dfl-port.1")[0].pid, 7);
}

TEST_F(Open, OneThatOpensItLaterIsFoundAfterAsManyReadingsAsTheOthersTake) {
  constexpr int processes = 100;
  for (int pid = 1; pid <= processes; ++pid) open(pid, 0, "/dev/null");
  EXPECT_EQ(holders(), 0u);
  open(50, 1, "/dev/dfl-port.0");
  open(101, 1, "/dev/dfl-port.0");
  EXPECT_GE(holders(), 1u);  // what is new is looked at at once
  std::size_t readings = 1;
  while (holders() < 2 && readings < processes) ++readings;
  EXPECT_LE(readings, processes / OpenFiles::looks_a_reading + 2);
  EXPECT_EQ(holders(), 2u);  // and is kept in sight
  std::filesystem::remove(machine_.root() + "/proc/50/fd/1");
  EXPECT_EQ(holders(), 1u);
}

TEST_F(Open, OfVeryManyHoldersEachIsLookedAtInItsTurn) {
  constexpr int many = OpenFiles::holders_a_reading + 20;
  for (int pid = 1; pid <= many; ++pid) open(pid, 3, "/dev/dfl-port.0");
  EXPECT_EQ(holders(), std::size_t{many});
  for (const int pid : {1, many})
    std::filesystem::remove(machine_.root() + "/proc/" + std::to_string(pid) + "/fd/3");
  std::filesystem::remove_all(machine_.root() + "/proc/2");
  EXPECT_EQ(holders(), std::size_t{many - 2});  // 1 was looked at, and 2 is gone
  EXPECT_EQ(holders(), std::size_t{many - 3});
}

TEST_F(Open, WithoutProcOrPathsNobodyHoldsAnything) {
  EXPECT_TRUE(files_.read({"/dev/x"}).empty());
  open(12, 3, "/dev/x");
  EXPECT_TRUE(files_.read({}).empty());
}

}  // namespace
}  // namespace gangline
