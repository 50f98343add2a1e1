// MPS with a control program that only notes what it is asked: when it is started, for which GPU,
// and when it is ended.
#include <unistd.h>

#include <filesystem>

#include "base/text.h"
#include "machine.h"

namespace gangline {
namespace {

constexpr const char* fake_control = R"(#!/bin/sh
# -d: a daemon that writes its number where the real one does, and ends when told.
log=$FAKE_MPS_LOG
if [ "$1" = -d ]; then
  [ -e "$FAKE_MPS_LOG.broken" ] && exit 3
  echo "start $CUDA_VISIBLE_DEVICES" >> "$log"
  sh -c 'echo $$ > "$0/nvidia-cuda-mps-control.pid"; exec sleep 1000' "$CUDA_MPS_PIPE_DIRECTORY" &
  # The real one runs no other program, and so is never without its variables for a moment.
  until grep -q sleep /proc/$!/comm && grep -q GANG_ID /proc/$!/environ; do sleep 0.01; done
  exit 0
fi
read -r word
[ "$word" = quit ] || exit 1
kill $(cat "$CUDA_MPS_PIPE_DIRECTORY/nvidia-cuda-mps-control.pid")
rm "$CUDA_MPS_PIPE_DIRECTORY/nvidia-cuda-mps-control.pid"
echo quit >> "$log"
)";

class Mps : public testing::Test {
 protected:
  Mps() {
    machine_.write("config.toml", "sample_every = '0.1s'\n");
    machine_.give_gpus(Machine::profile_of("eight_gpus.txt"), 16);
    // It is called with variables of its own only, so the log's path stands in it.
    std::string text = fake_control;
    for (std::string::size_type at; (at = text.find("$FAKE_MPS_LOG")) != std::string::npos;)
      text.replace(at, std::string_view("$FAKE_MPS_LOG").size(), machine_.path() + "/mps.log");
    machine_.write("bin/nvidia-cuda-mps-control", text);
    std::filesystem::permissions(machine_.path() + "/bin/nvidia-cuda-mps-control",
                                 std::filesystem::perms(0755));
    machine_.set("PATH", machine_.path() + "/bin:/usr/bin:/bin");
  }
  std::vector<std::string> log() const { return machine_.lines("mps.log"); }

  Machine machine_;
};

constexpr const char* say_and_hold =
    "env | grep CUDA_MPS | sort > seen.new.$GANG_JOB; mv seen.new.$GANG_JOB seen.$GANG_JOB; "
    "while ! [ -e go ]; do sleep 0.01; done";

TEST_F(Mps, TwoHalvesOfAGpuShareOneDaemonWhichEndsWhenNobodyNeedsIt) {
  const std::string a = machine_.submit({"--gpus", "0.5", "--mps", "--", "sh", "-c", say_and_hold});
  const std::string b = machine_.submit({"--gpus", "0.5", "--mps", "--", "sh", "-c", say_and_hold});
  ASSERT_TRUE(
      becomes_true([&] { return machine_.exists("seen." + a) && machine_.exists("seen." + b); }));
  EXPECT_EQ(log().size(), 1u);
  EXPECT_TRUE(log().at(0).starts_with("start GPU-8a5c1000")) << log().at(0);
  EXPECT_EQ(machine_.read("seen." + a), machine_.read("seen." + b));
  EXPECT_TRUE(says(machine_.read("seen." + a), "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE=50\n"));
  EXPECT_TRUE(says(machine_.read("seen." + a), "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT=0="));
  EXPECT_TRUE(says(machine_.read("seen." + a),
                   "CUDA_MPS_PIPE_DIRECTORY=" + machine_.state() + "/launcher/mps/"));
  EXPECT_TRUE(says(machine_.gang({"show", a}).out, "fence of mps: does not hold (each program"));
  machine_.write("go", "");
  EXPECT_EQ(machine_.wait(a), 0);
  EXPECT_EQ(machine_.wait(b), 0);
  EXPECT_TRUE(becomes_true([&] { return log().size() == 2 && log().at(1) == "quit"; }));
}

TEST_F(Mps, ASweepKeepsItsDaemonFromOneGangToTheNext) {
  const std::string job =
      machine_.submit({"--gpus", "1", "--mps", "--sweep", "i=1..40", "--", "true"});
  EXPECT_EQ(machine_.wait(job), 0);
  EXPECT_LE(log().size(), 8u);
  const auto started = log().size();
  EXPECT_TRUE(becomes_true([&] { return log().size() == 2 * started; }));
}

TEST_F(Mps, ADaemonOutlivesItsLauncherAndEndsWithItsGang) {
  const std::string job = machine_.submit({"--gpus", "1", "--mps", "--", "sh", "-c", say_and_hold});
  ASSERT_TRUE(becomes_true([&] { return machine_.exists("seen." + job); }));
  const pid_t before = machine_.launcher();
  ::kill(before, SIGKILL);
  ASSERT_TRUE(becomes_true([&] {
    const pid_t now = machine_.launcher();
    return now != 0 && now != before;
  }));
  EXPECT_EQ(log().size(), 1u);
  machine_.write("go", "");
  EXPECT_EQ(machine_.wait(job), 0);
  EXPECT_TRUE(becomes_true([&] { return log().size() == 2 && log().at(1) == "quit"; }));
}

TEST_F(Mps, WhereItCannotBeStartedTheJobIsNotStartedAndSaysWhy) {
  machine_.write("mps.log.broken", "");
  const std::string job = machine_.submit({"--gpus", "1", "--mps", "--", "true"});
  EXPECT_EQ(machine_.wait(job), 1);
  EXPECT_TRUE(says(machine_.gang({"show", job}).out,
                   "MPS could not be started: nvidia-cuda-mps-control ended with code 3"));
  std::filesystem::remove(machine_.path() + "/bin/nvidia-cuda-mps-control");
  const std::string next = machine_.submit({"--gpus", "1", "--mps", "--", "true"});
  EXPECT_EQ(machine_.wait(next), 1);
  EXPECT_TRUE(says(machine_.gang({"show", next}).out,
                   "there is no program 'nvidia-cuda-mps-control' in PATH"));
  const Ran refused = machine_.gang({"submit", "--mps", "--", "true"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_TRUE(says(refused.err, "mps is for jobs whose tasks each have one GPU of NVIDIA"));
}

}  // namespace
}  // namespace gangline
