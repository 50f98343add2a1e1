// One gang of one task, as Slurm would run it here: the test takes Slurm's part.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "engine/slurm/node/programs.h"
#include "engine/slurm/sending.h"
#include "launch/job_files.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr Span patience = seconds(20);

class GangProgram : public ::testing::Test {
 protected:
  GangProgram() {
    std::string made = "/tmp/gangline-node-XXXXXX";
    state_ = ::mkdtemp(made.data());
    spec_.name = "test";
    spec_.dir = state_;
    spec_.grace = seconds(5);
    spec_.inherited = std::vector<EnvVar>{{"PATH", "/usr/bin:/bin"}, {"SLURM_NTASKS", "99"}};
    files_ = SendingFiles::of(state_, {7}, "tag");
    std::filesystem::create_directories(files_.directory());
  }
  ~GangProgram() override { std::filesystem::remove_all(state_); }

  /// Begins gang 0 of a job with this script; its process.
  pid_t begin(const std::string& script) {
    spec_.command = {true, {script}};
    return begin();
  }
  pid_t begin() {
    SendingOrder order;
    order.job.id = {7};
    order.job.spec = std::make_shared<const JobSpec>(spec_);
    order.state_dir = state_;
    order.id = "abc";
    EXPECT_TRUE(write_order(files_, order).ok());
    return begin_again();
  }
  pid_t begin_again(const char* restarts = "0") {
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    for (const auto& [name, value] :
         {std::pair{"SLURM_JOB_ID", "17"}, std::pair{"SLURM_JOB_NODELIST", "n[3-4]"},
          std::pair{"SLURMD_NODENAME", "n3"}, std::pair{"SLURM_JOB_GPUS", "2-3"},
          std::pair{"CUDA_VISIBLE_DEVICES", "2,3"}, std::pair{"SLURM_RESTART_COUNT", restarts},
          std::pair{"GANGLINE_NVML", ""}})  // what drivers say of this machine is nothing to these
      ::setenv(name, value, 1);
    ::_exit(run_slurm_gang({"internal-slurm-gang", files_.directory(), "0"}));
  }
  static int code_of(pid_t pid) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  EndNote end() const {
    const auto read = read_end(files_.end(0));
    EXPECT_TRUE(read.ok() && read->has_value());
    return read.ok() && *read ? **read : EndNote{};
  }
  std::string log(bool error_stream = false) const {
    const auto text = read_file(JobFiles(state_).log({{7}, 0}, 1, 0, error_stream));
    return text ? *text : "";
  }
  bool comes_in_log(const std::string& text) const {
    const Span deadline = since_boot() + patience;
    while (log().find(text) == std::string::npos && since_boot() < deadline) ::usleep(5'000);
    return log().find(text) != std::string::npos;
  }

  std::string state_;
  JobSpec spec_;
  SendingFiles files_{""};
};

TEST_F(GangProgram, a_task_finds_its_team_its_gpus_and_slurm_in_its_environment) {
  spec_.resources.alternatives = {TaskRequest{DeviceRequest{}, whole_cpus(3)}};
  const pid_t pid = begin(
      "echo $RANK/$WORLD_SIZE gpus=$CUDA_VISIBLE_DEVICES job=$SLURM_JOB_ID omp=$OMP_NUM_THREADS"
      " stale=$SLURM_NTASKS id=$GANG_ID; cat; echo e >&2");
  EXPECT_EQ(code_of(pid), 0);
  EXPECT_EQ(log(), "0/1 gpus=2 job=17 omp=3 stale= id=7.0.1@abc\n");
  EXPECT_EQ(log(true), "e\n");
  const EndNote note = end();
  EXPECT_EQ(note.ending.cause, EndCause::done);
  EXPECT_EQ(note.ending.exit_code, 0);
  EXPECT_GT(note.started.us, 0);
  EXPECT_GE(note.at, note.started);
  const auto claim = **read_claim(files_.claim(0));
  EXPECT_EQ(claim.slurm_job, "17");
  EXPECT_EQ(claim.nodes, (std::vector<NodeGiven>{{"n3", 1, {2, 3}}}));
}

TEST_F(GangProgram, a_task_without_gpus_is_told_to_see_none) {
  EXPECT_EQ(code_of(begin("echo gpus=$CUDA_VISIBLE_DEVICES.")), 0);
  EXPECT_EQ(log(), "gpus=.\n");
}

TEST_F(GangProgram, a_failure_is_told_with_its_code_and_last_lines) {
  EXPECT_EQ(code_of(begin("echo out; echo oops >&2; exit 5")), 5);
  const Ending ending = end().ending;
  EXPECT_EQ(ending.cause, EndCause::failed);
  EXPECT_EQ(ending.exit_code, 5);
  EXPECT_EQ(ending.rank, 0u);
  EXPECT_EQ(ending.detail, "");
  EXPECT_EQ(ending.last_lines, "oops\n");
}

TEST_F(GangProgram, an_end_by_a_signal_is_told_in_words) {
  EXPECT_EQ(code_of(begin("kill -9 $$")), 128 + 9);
  EXPECT_EQ(end().ending.signal, 9);
  EXPECT_EQ(end().ending.detail, "it was ended by signal 9 (Killed)");
}

TEST_F(GangProgram, a_program_that_is_not_there_never_started) {
  spec_.command = {false, {"no-such-program", "x"}};
  EXPECT_EQ(code_of(begin()), 1);
  EXPECT_EQ(end().started.us, 0);
  EXPECT_EQ(end().ending.cause, EndCause::not_started);
  EXPECT_NE(end().ending.detail.find("there is no program 'no-such-program'"), std::string::npos);
}

TEST_F(GangProgram, a_directory_that_its_node_does_not_see_is_told_with_what_to_do) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(code_of(begin_again()), 1);
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("node n3 does not see it"), std::string::npos) << said;
  EXPECT_NE(said.find("state in [on.slurm]"), std::string::npos) << said;
}

TEST_F(GangProgram, more_gpus_than_slurm_gave_are_a_reason_not_to_start) {
  DeviceRequest three;
  three.count = 3;
  spec_.resources.alternatives = {TaskRequest{three}};
  EXPECT_EQ(code_of(begin("true")), 1);
  EXPECT_EQ(end().ending.cause, EndCause::not_started);
  EXPECT_NE(end().ending.detail.find("asked for 3 gpus"), std::string::npos);
}

TEST_F(GangProgram, a_stop_sends_the_jobs_own_signal_and_lets_it_finish) {
  spec_.stop_signal = SIGUSR1;
  const pid_t pid = begin("trap 'echo saved; exit 0' USR1; echo up; while :; do sleep 0.02; done");
  ASSERT_TRUE(comes_in_log("up"));
  ::kill(pid, SIGTERM);
  EXPECT_EQ(code_of(pid), 1);
  EXPECT_EQ(log(), "up\nsaved\n");
  EXPECT_EQ(end().ending.cause, EndCause::stopped);
  EXPECT_EQ(end().ending.detail, "");
}

TEST_F(GangProgram, what_goes_on_after_a_stop_signal_of_its_own_gets_term_within_its_grace) {
  spec_.stop_signal = SIGUSR1;
  spec_.grace = seconds(6);
  const pid_t pid = begin(
      "trap 'echo own' USR1; trap 'echo term; exit 0' TERM; echo up; while :; do sleep 0.02; done");
  ASSERT_TRUE(comes_in_log("up"));
  ::kill(pid, SIGTERM);
  EXPECT_EQ(code_of(pid), 1);
  EXPECT_EQ(log(), "up\nown\nterm\n");
  EXPECT_EQ(end().ending.cause, EndCause::stopped);
  EXPECT_EQ(end().ending.exit_code, 0);
}

TEST_F(GangProgram, what_heeds_no_signal_is_ended_after_its_grace) {
  spec_.grace = milliseconds(200);
  const pid_t pid = begin("trap '' TERM; echo up; while :; do sleep 0.02; done");
  ASSERT_TRUE(comes_in_log("up"));
  ::kill(pid, SIGTERM);
  EXPECT_EQ(code_of(pid), 128 + 9);
  EXPECT_EQ(end().ending.cause, EndCause::stopped);
  EXPECT_EQ(end().ending.signal, 9);
}

TEST_F(GangProgram, its_time_is_up_when_it_says_so) {
  spec_.time = milliseconds(300);
  EXPECT_EQ(code_of(begin("echo up; exec sleep 60")), 128 + 15);
  const EndNote note = end();
  EXPECT_EQ(note.ending.cause, EndCause::time_limit);
  EXPECT_EQ(note.ending.detail, "its time of 0.3s was up");
  EXPECT_GE(note.at - note.started, milliseconds(200));
}

TEST_F(GangProgram, time_in_which_slurm_let_it_stand_still_does_not_count) {
  spec_.time = seconds(1);
  const pid_t pid = begin("echo up; exec sleep 60");
  ASSERT_TRUE(comes_in_log("up"));
  ::kill(pid, SIGSTOP);
  const Span stands_until = since_boot() + milliseconds(2'500);
  while (since_boot() < stands_until) ::usleep(5'000);
  const Time goes_on = now();
  ::kill(pid, SIGCONT);
  EXPECT_EQ(code_of(pid), 128 + 15);
  EXPECT_EQ(end().ending.cause, EndCause::time_limit);
  EXPECT_GE(end().at - goes_on, milliseconds(500));
}

TEST_F(GangProgram, who_comes_second_runs_nothing) {
  EXPECT_EQ(code_of(begin("echo once")), 0);
  EXPECT_EQ(code_of(begin_again("1")), 0);
  EXPECT_EQ(log(), "once\n");
  EXPECT_EQ((**read_claim(files_.claim(0))).restarts, 0u);
}

TEST_F(GangProgram, what_the_service_has_withdrawn_does_not_run) {
  Claim withdrawn;
  withdrawn.withdrawn = true;
  withdrawn.at = now();
  ASSERT_TRUE(*make_claim(files_.claim(0), withdrawn));
  EXPECT_EQ(code_of(begin("echo never")), 0);
  EXPECT_EQ(log(), "");
  EXPECT_FALSE((*read_end(files_.end(0))).has_value());
}

TEST_F(GangProgram, what_a_task_leaves_in_its_group_ends_with_it) {
  EXPECT_EQ(code_of(begin("sleep 60 & echo $!")), 0);
  const pid_t left = std::atoi(log().c_str());
  ASSERT_GT(left, 0);
  const Span deadline = since_boot() + patience;
  const auto lives = [&] {
    const auto stat = read_file("/proc/" + std::to_string(left) + "/stat");
    return stat && stat->find(") Z ") == std::string::npos;
  };
  while (lives() && since_boot() < deadline) ::usleep(5'000);
  EXPECT_FALSE(lives());
}

}  // namespace
}  // namespace gangline
