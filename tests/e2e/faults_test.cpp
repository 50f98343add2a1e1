// A disk that is full.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "machine.h"

namespace gangline {
namespace {

constexpr std::uint64_t disk_size = 24 << 20;

// A small disk of its own below a directory, in a mount namespace that only this test sees.
class SmallDisk {
 public:
  SmallDisk() {
    std::string name = std::filesystem::temp_directory_path().string() + "/gangline-disk-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
    const std::string size = "mode=0700,size=" + std::to_string(disk_size);
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", path_.c_str(), "tmpfs", 0, size.c_str()) != 0)
      why_not_ = std::string("no disk of one's own may be mounted here: ") + std::strerror(errno);
  }
  ~SmallDisk() {
    if (why_not_.empty()) ::umount2(path_.c_str(), MNT_DETACH);
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::string& why_not() const { return why_not_; }
  const std::string& path() const { return path_; }
  void fill() const {
    std::ofstream file(path_ + "/filler", std::ios::app);
    const std::string block(4096, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
    // What is left of the last block too.
    const int fd = ::open((path_ + "/filler").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    while (::write(fd, "x", 1) == 1) {
    }
    ::close(fd);
  }
  void make_space() const { std::filesystem::remove(path_ + "/filler"); }
  void resize(const char* size) const {
    ASSERT_EQ(::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT, size), 0)
        << std::strerror(errno);
  }

 private:
  std::string path_, why_not_;
};

class Faults : public testing::Test {
 protected:
  void SetUp() override {
    if (!disk_.why_not().empty()) GTEST_SKIP() << disk_.why_not();
  }
  SmallDisk disk_;
};

constexpr const char* hold = "echo up >> up; while ! [ -e go ]; do sleep 0.01; done; exit 3";

TEST_F(Faults, AFullDiskRefusesSubmitsWithThatReasonAndHarmsNoRunningGang) {
  const Machine machine(disk_.path());
  const std::string job = machine.submit({"--", "sh", "-c", hold});
  ASSERT_TRUE(becomes_true([&] { return machine.exists("up"); }));
  disk_.fill();
  const Ran refused = machine.gang({"submit", "--", "touch", "ran"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(says(refused.err, "full"));
  EXPECT_EQ(machine.show(job).summary.running, 1u);

  machine.write("go", "");
  // It ends while there is no room to write that down.
  EXPECT_TRUE(becomes_true([&] {
    for (const pid_t pid : machine.processes())
      if (machine.run({"cat", "/proc/" + std::to_string(pid) + "/comm"}).out == "sh\n")
        return false;
    return true;
  }));
  disk_.make_space();
  EXPECT_EQ(machine.wait(job), 3);
  EXPECT_EQ(machine.show(job).summary.ending->cause, EndCause::failed);
  EXPECT_EQ(machine.wait(machine.submit({"--", "touch", "again"})), 0);
  EXPECT_TRUE(machine.exists("again"));
  EXPECT_FALSE(machine.exists("ran")) << "a submit that was refused";
  EXPECT_EQ(machine.lines("up").size(), 1u);
}

TEST_F(Faults, ADiskWithoutRoomForTheLaunchersJournalIsNamedAndAJobThatWaitsForItCanBeStopped) {
  disk_.resize("size=3m");
  const Machine machine(disk_.path());
  const std::string why = "the launcher cannot write its journal: no room on the disk of ";
  Beside run = machine.gang_beside({"run", "--", "touch", "ran"});
  EXPECT_TRUE(becomes_true([&] { return says(run.err(), why); })) << run.err();
  EXPECT_TRUE(says(machine.gang({"daemon", "status"}).out, "trouble: " + why));
  EXPECT_TRUE(says(machine.gang({"why", "1"}).out, why));
  EXPECT_TRUE(says(machine.gang({"why", "1.0"}).out, why));
  EXPECT_TRUE(says(machine.gang({"show", "1"}).out, why));
  EXPECT_TRUE(says(machine.gang({"list"}).out, "the launcher cannot"));
  run.signal(SIGINT);
  EXPECT_EQ(run.wait().code, 130);
  EXPECT_EQ(machine.show("1").summary.ending->cause, EndCause::stopped);

  const std::string stopped = machine.submit({"--", "touch", "ran"});
  EXPECT_EQ(machine.gang({"stop", "--now", stopped}).code, 0);
  EXPECT_EQ(machine.wait(stopped), 1);
  EXPECT_EQ(machine.show(stopped).summary.ending->cause, EndCause::stopped);

  const std::string waits = machine.submit({"--", "touch", "waited"});
  ::kill(machine.service(), SIGKILL);
  ASSERT_TRUE(becomes_true([&] { return machine.service() == 0; }));
  disk_.resize("size=24m");
  const Ran waited = machine.gang({"wait", waits});
  EXPECT_EQ(waited.code, 0) << waited.out << waited.err;
  EXPECT_TRUE(machine.exists("waited"));
  EXPECT_FALSE(machine.exists("ran"));
  EXPECT_TRUE(becomes_true([&] {
    return !says(machine.gang({"daemon", "status"}).out, "trouble: ");
  }));
}

TEST_F(Faults, ASweepGoesOnWhereItStoodWhenThereIsSpaceAgain) {
  const Machine machine(disk_.path());
  const std::string job = machine.submit(
      {"--sweep", "i=1..200", "--", "sh", "-c", "echo $GANG_GANG >> lines; sleep 0.02"});
  ASSERT_TRUE(becomes_true([&] { return machine.lines("lines").size() > 10; }));
  disk_.fill();
  EXPECT_TRUE(becomes_true([&] {
    return says(machine.gang({"daemon", "status"}).out, "trouble: ");
  }));
  disk_.make_space();
  EXPECT_EQ(machine.wait(job), 0);
  EXPECT_EQ(machine.show(job).summary.ended_well, 200u);
  EXPECT_EQ(machine.lines("lines").size(), 200u);
}

TEST_F(Faults, AServiceThatIsKilledOnAFullDiskIsThereAgainAndKnowsAll) {
  const Machine machine(disk_.path());
  const std::string job = machine.submit({"--", "sh", "-c", hold});
  ASSERT_TRUE(becomes_true([&] { return machine.exists("up"); }));
  disk_.fill();
  ::kill(machine.service(), SIGKILL);
  ASSERT_TRUE(becomes_true([&] { return machine.service() == 0; }));
  (void)machine.gang({"list"});  // may be refused, with the disk as the reason
  machine.write("go", "");
  disk_.make_space();
  EXPECT_EQ(machine.wait(job), 3);
  EXPECT_EQ(machine.lines("up").size(), 1u);
}

}  // namespace
}  // namespace gangline
