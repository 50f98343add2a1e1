#include "launch/mps/mps_daemons.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "base/text.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

/// What is asked of it is noted; `how` a daemon comes up is a line of shell.
constexpr const char* fake_control = R"sh(#!/bin/sh
if [ "$1" = -d ]; then
  echo "start $CUDA_VISIBLE_DEVICES $(id -u)" >> HERE/log
  . HERE/how
  sleep 1000 &
  echo $! > "$CUDA_MPS_PIPE_DIRECTORY/daemon"
  # The real one runs no other program, and so is never without its variables for a moment.
  until grep -q sleep /proc/$!/comm && grep -q GANG_ID /proc/$!/environ; do :; done
  exit 0
fi
read -r word
echo "$word" >> HERE/log
[ -e HERE/deaf ] || kill "$(cat "$CUDA_MPS_PIPE_DIRECTORY/daemon")"
)sh";

class FakeControl : public testing::Test {
 protected:
  FakeControl() {
    char name[] = "/tmp/gangline-mps-XXXXXX";
    path_ = ::mkdtemp(name);
    ::chmod(path_.c_str(), 0755);
    std::string text = fake_control;
    for (std::string::size_type at; (at = text.find("HERE")) != std::string::npos;)
      text.replace(at, 4, path_);
    write("nvidia-cuda-mps-control", text);
    write("how", "");
    write("log", "");
    ::chmod((path_ + "/nvidia-cuda-mps-control").c_str(), 0755);
    ::chmod((path_ + "/log").c_str(), 0666);
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
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name) << text;
  }
  MpsSettings settings() const { return {path_ + "/mps", "e", false, seconds(60), seconds(60)}; }
  static NodePart part(std::uint32_t device, Share share = whole_device) {
    NodePart part{NodeId{0}, {TaskPlace{}}};
    part.tasks[0].devices = {{device, share}};
    return part;
  }
  static GangId gang(std::uint32_t n) { return {{n}, 0}; }
  static Job job_of(std::uint32_t uid) {
    Job job;
    job.uid = uid;
    job.owner = "user-" + std::to_string(uid);
    return job;
  }
  std::string log() const {
    const auto text = read_file(path_ + "/log");
    return text ? *text : "";
  }

  /// Children are let go of as a launcher does it.
  static void hear(MpsDaemons& daemons) {
    siginfo_t ended{};
    while (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid != 0) {
      daemons.child_ended(ended.si_pid, ended.si_code != CLD_EXITED, ended.si_status);
      ::waitpid(ended.si_pid, nullptr, 0);
      ended = {};
    }
  }
  static bool becomes_true(MpsDaemons& daemons, const std::function<bool()>& holds) {
    for (const Span end = since_boot() + seconds(60); since_boot() < end; ::usleep(2'000)) {
      hear(daemons);
      daemons.tick(since_boot());
      if (holds()) return true;
    }
    return false;
  }
  MpsDaemons::Got ask(MpsDaemons& daemons, std::uint32_t n, std::uint32_t uid,
                      std::uint32_t device) const {
    return daemons.need(gang(n), job_of(uid), node_, part(device));
  }
  /// What it comes to when it need not wait any more.
  MpsDaemons::Got get(MpsDaemons& daemons, std::uint32_t n, std::uint32_t uid,
                      std::uint32_t device) const {
    MpsDaemons::Got got;
    EXPECT_TRUE(becomes_true(daemons, [&] {
      got = ask(daemons, n, uid, device);
      return got.answer != MpsDaemons::Answer::wait;
    })) << got.why;
    return got;
  }
  static void end_all(MpsDaemons& daemons, const std::vector<std::uint32_t>& gangs) {
    for (const std::uint32_t n : gangs) daemons.end(gang(n));
    EXPECT_TRUE(becomes_true(daemons, [&] { return daemons.end_unneeded(); }));
  }

  std::string path_, before_;
  Node node_;
  Cgroups cgroups_{"/nonexistent"};
};

using Answer = MpsDaemons::Answer;
const std::string own = " " + std::to_string(::getuid()) + "\n";

TEST_F(FakeControl, OneDaemonServesAllGangsOfAUserOnAGpuAndNoOtherUser) {
  MpsDaemons daemons(cgroups_, settings());
  EXPECT_EQ(get(daemons, 1, 1000, 0).answer, Answer::ready);
  EXPECT_EQ(get(daemons, 2, 1000, 0).answer, Answer::ready);
  EXPECT_EQ(log(), "start GPU-0" + own);
  const auto others = ask(daemons, 3, 2000, 0);
  EXPECT_EQ(others.answer, Answer::wait);
  EXPECT_EQ(others.why,
            "gang 3.0 waits for MPS on GPU-0: it serves user-1000 now, and MPS serves one user of "
            "a GPU at a time");
  EXPECT_EQ(get(daemons, 4, 2000, 1).answer, Answer::ready);
  EXPECT_EQ(log(), "start GPU-0" + own + "start GPU-1" + own);
  // When the first user's gangs are over, their daemon ends and another is begun.
  daemons.end(gang(1));
  daemons.end(gang(2));
  EXPECT_EQ(get(daemons, 3, 2000, 0).answer, Answer::ready);
  EXPECT_EQ(log(), "start GPU-0" + own + "start GPU-1" + own + "quit\nstart GPU-0" + own);
  end_all(daemons, {3, 4});
}

TEST_F(FakeControl, WhoAskedFirstHasTheGpuNextAndGangsOfTheOtherDoNotComeBetween) {
  MpsDaemons daemons(cgroups_, settings());
  EXPECT_EQ(get(daemons, 1, 1000, 0).answer, Answer::ready);
  EXPECT_EQ(ask(daemons, 2, 2000, 0).answer, Answer::wait);
  const auto later = ask(daemons, 3, 1000, 0);
  EXPECT_EQ(later.answer, Answer::wait);
  EXPECT_NE(later.why.find("user-2000 has it next"), std::string::npos) << later.why;
  EXPECT_EQ(ask(daemons, 1, 1000, 0).answer, Answer::ready);
  daemons.end(gang(1));
  EXPECT_EQ(get(daemons, 2, 2000, 0).answer, Answer::ready);
  daemons.end(gang(2));
  EXPECT_EQ(get(daemons, 3, 1000, 0).answer, Answer::ready);
  end_all(daemons, {3});
}

TEST_F(FakeControl, AGangThatWaitsForOneGpuKeepsNobodyFromAnother) {
  MpsDaemons daemons(cgroups_, settings());
  EXPECT_EQ(get(daemons, 1, 1000, 1).answer, Answer::ready);
  NodePart both = part(0);
  both.tasks.push_back(part(1).tasks[0]);
  EXPECT_EQ(daemons.need(gang(2), job_of(2000), node_, both).answer, Answer::wait);
  EXPECT_EQ(log(), "start GPU-1" + own);
  EXPECT_EQ(get(daemons, 3, 1000, 0).answer, Answer::ready);
  end_all(daemons, {1, 3});
}

TEST_F(FakeControl, ADaemonStaysForAMomentAndThenIsAskedToEnd) {
  MpsDaemons daemons(cgroups_, settings());
  EXPECT_EQ(get(daemons, 1, 1000, 0).answer, Answer::ready);
  EXPECT_FALSE(daemons.next_look());
  daemons.end(gang(1));
  daemons.tick(since_boot());
  EXPECT_EQ(log(), "start GPU-0" + own);
  EXPECT_GT(*daemons.next_look(), since_boot() + seconds(1));
  daemons.tick(since_boot() + seconds(3));
  EXPECT_TRUE(becomes_true(daemons, [&] { return !daemons.next_look(); }));
  EXPECT_EQ(log(), "start GPU-0" + own + "quit\n");
}

TEST_F(FakeControl, WhileADaemonIsSlowOrHangsNothingWaitsForIt) {
  write("how", "while ! [ -e " + path_ + "/go ]; do sleep 0.01; done\n");
  MpsDaemons daemons(cgroups_, settings());
  const Span begun = since_boot();
  const auto first = ask(daemons, 1, 1000, 0);
  EXPECT_EQ(first.answer, Answer::wait);
  EXPECT_EQ(first.why, "");
  EXPECT_TRUE(becomes_true(daemons, [&] { return !log().empty(); }));
  write("how", "");
  EXPECT_EQ(get(daemons, 2, 1000, 1).answer, Answer::ready);
  EXPECT_EQ(ask(daemons, 1, 1000, 0).answer, Answer::wait);
  EXPECT_LT(since_boot() - begun, settings().longest_start);
  write("go", "");
  EXPECT_EQ(get(daemons, 1, 1000, 0).answer, Answer::ready);
  end_all(daemons, {1, 2});
}

TEST_F(FakeControl, OneThatHangsIsEndedAtItsDeadlineAndAllThatWaitedAreTold) {
  write("how", "echo 'is the driver there?'; sleep 1000\n");
  MpsSettings quick = settings();
  quick.longest_start = milliseconds(300);
  MpsDaemons daemons(cgroups_, quick);
  EXPECT_EQ(ask(daemons, 1, 1000, 0).answer, Answer::wait);
  EXPECT_EQ(ask(daemons, 2, 1000, 0).answer, Answer::wait);
  const auto got = get(daemons, 1, 1000, 0);
  EXPECT_EQ(got.answer, Answer::failed);
  EXPECT_NE(got.why.find("did not come up in 0.3s: is the driver there?"), std::string::npos)
      << got.why;
  EXPECT_EQ(get(daemons, 2, 1000, 0).answer, Answer::failed);
  EXPECT_TRUE(becomes_true(daemons, [&] { return !daemons.next_look(); }));
  EXPECT_NE(::waitpid(-1, nullptr, WNOHANG), 0);  // no child is left
}

TEST_F(FakeControl, OneThatRefusesOrDiesAtOnceFailsWithItsOwnWords) {
  write("how", "echo 'An instance of this daemon is already running' >&2; exit 1\n");
  MpsDaemons daemons(cgroups_, settings());
  const auto refused = get(daemons, 1, 1000, 0);
  EXPECT_EQ(refused.answer, Answer::failed);
  EXPECT_NE(refused.why.find("ended with code 1: An instance of this daemon is already running"),
            std::string::npos)
      << refused.why;
  write("how", "exit 0\n");
  const auto gone = get(daemons, 2, 1000, 0);
  EXPECT_EQ(gone.answer, Answer::failed);
  EXPECT_NE(gone.why.find("ended at once"), std::string::npos) << gone.why;
  write("how", "kill -9 $$\n");
  EXPECT_NE(get(daemons, 3, 1000, 0).why.find("was ended by signal 9"), std::string::npos);
  std::filesystem::remove(path_ + "/nvidia-cuda-mps-control");
  EXPECT_NE(get(daemons, 4, 1000, 0).why.find("no program 'nvidia-cuda-mps-control' in PATH"),
            std::string::npos);
  end_all(daemons, {});
}

TEST_F(FakeControl, OneThatDiedInTheMiddleIsBegunAgainForTheNextGang) {
  MpsDaemons daemons(cgroups_, settings());
  EXPECT_EQ(get(daemons, 1, 1000, 0).answer, Answer::ready);
  for (const auto& place : std::filesystem::directory_iterator(path_ + "/mps")) {
    const auto pid = parse_number(trim(*read_file(place.path() / "daemon")));
    ::kill(static_cast<pid_t>(*pid), SIGKILL);
  }
  // That it is there is believed for a second.
  EXPECT_TRUE(becomes_true(daemons, [&] {
    return get(daemons, 2, 1000, 0).answer == Answer::ready &&
           log() == "start GPU-0" + own + "start GPU-0" + own;
  }));
  end_all(daemons, {1, 2});
}

TEST_F(FakeControl, OneThatDoesNotQuitIsKilled) {
  write("deaf", "");
  MpsSettings quick = settings();
  quick.longest_end = milliseconds(200);
  MpsDaemons daemons(cgroups_, quick);
  EXPECT_EQ(get(daemons, 1, 1000, 0).answer, Answer::ready);
  end_all(daemons, {1});
  EXPECT_EQ(log(), "start GPU-0" + own + "quit\n");
}

TEST_F(FakeControl, WhatAnEarlierLauncherLeftIsKeptForItsGangsAndElseEnded) {
  {
    MpsDaemons earlier(cgroups_, settings());
    EXPECT_EQ(get(earlier, 1, 1000, 0).answer, Answer::ready);
    EXPECT_EQ(get(earlier, 2, 1000, 1).answer, Answer::ready);
  }
  MpsDaemons daemons(cgroups_, settings());
  daemons.adopt(gang(1), job_of(1000), node_, part(0));
  EXPECT_EQ(get(daemons, 3, 1000, 0).answer, Answer::ready);
  EXPECT_EQ(log(), "start GPU-0" + own + "start GPU-1" + own + "quit\n");
  end_all(daemons, {1, 3});
  EXPECT_EQ(log(), "start GPU-0" + own + "start GPU-1" + own + "quit\nquit\n");
}

TEST_F(FakeControl, ADaemonForAllIsItsPersonsInADirectoryThatIsTheirsAlone) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root becomes somebody else";
  MpsSettings for_all = settings();
  for_all.for_all = true;
  MpsDaemons daemons(cgroups_, for_all);
  Job job = job_of(12345);
  job.person = std::make_shared<const Person>(Person{12345, 12345, {}, 022, {}});
  MpsDaemons::Got got;
  EXPECT_TRUE(becomes_true(daemons, [&] {
    got = daemons.need(gang(1), job, node_, part(0));
    return got.answer != Answer::wait;
  }));
  EXPECT_EQ(got.answer, Answer::ready) << got.why;
  EXPECT_EQ(log(), "start GPU-0 12345\n");
  const std::string leaf = daemons.variables(job, node_, part(0).tasks[0])[0].second;
  struct stat there {};
  ASSERT_EQ(::lstat(leaf.c_str(), &there), 0);
  EXPECT_EQ(there.st_uid, 12345u);
  EXPECT_EQ(there.st_mode, S_IFDIR | 0700u);
  ASSERT_EQ(::lstat((path_ + "/mps").c_str(), &there), 0);
  EXPECT_EQ(there.st_uid, 0u);
  EXPECT_EQ(there.st_mode, S_IFDIR | 0711u);
  end_all(daemons, {1});
  EXPECT_TRUE(
      processes_with_mark("mps-" + std::filesystem::path(leaf).filename().string() + "@e", 12345)
          .empty());
  // A link where the leaf is to be leads root nowhere.
  std::filesystem::remove_all(leaf);
  ::mkdir((path_ + "/target").c_str(), 0755);
  std::filesystem::create_symlink(path_ + "/target", leaf);
  EXPECT_EQ(daemons.need(gang(2), job, node_, part(0)).answer, Answer::failed);
  ASSERT_EQ(::stat((path_ + "/target").c_str(), &there), 0);
  EXPECT_EQ(there.st_uid, 0u);
}

TEST_F(FakeControl, ATaskIsToldItsShareAsThreadsAndMemory) {
  const MpsDaemons daemons(cgroups_, settings());
  const Job job = job_of(1000);
  const auto whole = daemons.variables(job, node_, part(0).tasks[0]);
  ASSERT_EQ(whole.size(), 1u);
  EXPECT_EQ(whole[0].first, "CUDA_MPS_PIPE_DIRECTORY");
  const auto quarter = daemons.variables(job, node_, part(0, {250}).tasks[0]);
  ASSERT_EQ(quarter.size(), 3u);
  EXPECT_EQ(quarter[1], (EnvVar{"CUDA_MPS_ACTIVE_THREAD_PERCENTAGE", "25"}));
  EXPECT_EQ(quarter[2], (EnvVar{"CUDA_MPS_PINNED_DEVICE_MEM_LIMIT", "0=20480M"}));
  node_.devices[1].vendor = "amd";
  EXPECT_TRUE(daemons.variables(job, node_, part(1).tasks[0]).empty());
}

}  // namespace
}  // namespace gangline
