// What becomes of gangs that Slurm forgot, killed or does not tell of, on a Slurm that says what a
// test wants it to say. What the programs on nodes write, the test writes.
#include <gtest/gtest.h>

#include "engine/conformance_world.h"
#include "engine/slurm/fake_slurm.h"
#include "engine/slurm/slurm_engine.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr GangId gang{{1}, 0};
constexpr std::int64_t fast = 20;  // so 10 seconds are 0.5

class MissingTest : public ::testing::Test, private ConformanceWorld {
 protected:
  MissingTest() : ear(*this) { restart("", {}); }

  Engine& engine() override { return *engine_; }
  void restart(const std::string& cursor, const std::vector<StartOrder>& asked) override {
    engine_.reset();
    SlurmEngineSettings settings;
    settings.state_dir = slurm.dir() + "/state";
    settings.gang_program = "/srv/bin/gang";
    settings.id = "test";
    settings.environment = {{"PATH", slurm.path()}, {"HOME", slurm.dir()}};
    settings.profile.look_every = milliseconds(20);
    settings.hurry = fast;
    engine_ = std::make_unique<SlurmEngine>(loop, settings);
    const auto nodes = engine_->describe_nodes();
    ASSERT_TRUE(nodes) << nodes.error().sentence();
    engine_->resume(cursor, asked);
  }
  bool run_until(const std::function<bool()>& done) override { return run_loop_until(loop, done); }
  StartOrder order(JobId job, std::uint32_t, const Behaviour&) override {
    JobSpec spec;
    spec.name = "test";
    spec.command = {true, {"true"}};
    StartOrder order;
    order.job.id = job;
    order.job.spec = std::make_shared<const JobSpec>(std::move(spec));
    order.allocation = std::make_shared<const Allocation>();
    return order;
  }

  /// It is sent, and Slurm has it under number 7.
  void start() {
    engine_->start(order({1}, 1, {}));
    ASSERT_TRUE(run_until([&] { return !tag().empty(); }));
  }
  std::string tag(int sending = 7) const {
    const std::string front = std::to_string(sending) + " ", sent = slurm.read("sent");
    const std::size_t at = sent.find(front);
    return at == std::string::npos
               ? ""
               : sent.substr(at + front.size(), sent.find('\n', at) - at - front.size());
  }
  SendingFiles files() const { return SendingFiles::of(slurm.dir() + "/state", {1}, tag()); }
  void slurm_says(const std::string& state) const {
    slurm.set_jobs(FakeSlurm::job_line("7", state, "n1", tag()));
  }
  void begin() {
    ASSERT_TRUE(write_file(files().sign(0), "1\n"));
    Claim claim;
    claim.slurm_job = "7";
    claim.at = now();
    claim.nodes = {{"n1", 1, {}}};
    ASSERT_TRUE(make_claim(files().claim(0), claim));
    slurm_says("RUNNING");
    ASSERT_TRUE(ear.hear_until([&] { return !ear.starts.empty(); }));
    hear_for(milliseconds(200));  // it is seen to run
  }
  void write_stopped(Time started) const {
    EndNote note;
    note.started = started;
    note.at = now();
    note.ending.cause = EndCause::stopped;
    ASSERT_TRUE(write_end(files().end(0), note));
  }
  void hear_for(Span span) {
    const Span begun = since_boot();
    ear.hear_until([&] { return since_boot() - begun > span; });
  }
  /// While it lives, its sign changes.
  void live_for(Span span) {
    const Span begun = since_boot();
    ear.hear_until([&] {
      (void)renew_sign(files().sign(0), ++signs).ok();
      return since_boot() - begun > span;
    });
  }
  Ending end() {
    EXPECT_TRUE(ear.hear_end_of(gang));
    const auto found = ear.ends.find({gang, 1});
    return found == ear.ends.end() ? Ending{} : found->second.ending;
  }
  bool is_noted(const std::string& text) const {
    for (const std::string& note : engine_->notes_of(gang))
      if (note.find(text) != std::string::npos) return true;
    return false;
  }

  FakeSlurm slurm;
  Loop loop;
  std::unique_ptr<SlurmEngine> engine_;
  ConformanceEar ear;
  std::uint64_t signs = 1;
};

TEST_F(MissingTest,
       what_slurm_forgot_before_it_began_is_sent_again_and_the_next_service_says_so_too) {
  start();
  ASSERT_TRUE(ear.hear_until([&] { return !tag(8).empty(); }));
  EXPECT_EQ(tag(8), tag(7));  // the same sending, so that claims keep it from running twice
  EXPECT_TRUE(is_noted("forgot"));
  slurm.set_jobs(FakeSlurm::job_line("8", "PENDING", "", tag()));
  restart(ear.cursor, {order({1}, 1, {})});
  EXPECT_TRUE(is_noted("forgot"));
  hear_for(milliseconds(800));
  EXPECT_EQ(slurm.calls("sbatch"), 2);
  EXPECT_TRUE(ear.ends.empty());
}

TEST_F(MissingTest, what_slurm_forgets_again_and_again_is_lost_also_where_services_come_and_go) {
  start();
  for (int sent = 8; sent <= 10; ++sent) {
    ASSERT_TRUE(ear.hear_until([&] { return !tag(sent).empty(); }));
    restart(ear.cursor, {order({1}, 1, {})});
  }
  const Ending ending = end();
  EXPECT_EQ(ending.cause, EndCause::lost);
  EXPECT_EQ(slurm.calls("sbatch"), 4);
}

TEST_F(MissingTest, what_slurm_forgot_while_it_ran_is_not_lost_while_it_lives) {
  start();
  begin();
  slurm.set_jobs("");
  live_for(milliseconds(2'500));  // longer than any patience
  EXPECT_TRUE(ear.ends.empty());
  EXPECT_TRUE(is_noted("its processes live on"));
  EXPECT_EQ(end().cause, EndCause::lost);
  EXPECT_EQ(slurm.calls("sbatch"), 1);
}

TEST_F(MissingTest, what_slurm_forgot_and_ended_on_its_node_is_lost_and_not_stopped_by_somebody) {
  start();
  begin();
  slurm.set_jobs("");
  write_stopped(now());
  EXPECT_EQ(end().cause, EndCause::lost);
}

TEST_F(MissingTest, what_was_claimed_and_ended_before_its_tasks_began_waits_again) {
  start();
  begin();
  slurm.set_jobs("");
  write_stopped(Time{0});
  EXPECT_EQ(end().cause, EndCause::preempted);
}

TEST_F(MissingTest, an_srun_that_found_no_room_does_not_stand_for_what_slurm_forgot_after_it) {
  start();
  slurm.set_jobs(FakeSlurm::job_line("6", "FAILED", "", tag()));
  ASSERT_TRUE(ear.hear_until([&] { return !tag(8).empty() || !ear.ends.empty(); }));
  EXPECT_TRUE(ear.ends.empty());
  EXPECT_TRUE(is_noted("forgot"));
}

TEST_F(MissingTest, an_srun_that_found_no_room_does_not_stand_for_what_was_not_sent_after_it) {
  slurm.write("sbatch_complains", "what is this?\n");
  engine_->start(order({1}, 1, {}));
  ASSERT_TRUE(run_until([&] { return slurm.calls("sbatch") == 1; }));
  const std::string call = slurm.read("calls");
  const std::size_t at = call.find("--comment=") + 10;
  slurm.set_jobs(FakeSlurm::job_line("6", "FAILED", "", call.substr(at, call.find(' ', at) - at)));
  std::filesystem::remove(slurm.dir() + "/sbatch_complains");
  EXPECT_TRUE(ear.hear_until([&] { return !tag().empty() || !ear.ends.empty(); }));
  EXPECT_TRUE(ear.ends.empty());
}

TEST_F(MissingTest, what_ended_in_slurm_before_it_began_is_told_and_not_sent_again) {
  start();
  slurm_says("FAILED");
  EXPECT_EQ(end().cause, EndCause::not_started);
  EXPECT_EQ(end().detail, "its node could not run /srv/bin/gang or write in " + slurm.dir() +
                              "/state; are both on a disk that all nodes see?");
  EXPECT_EQ(slurm.calls("sbatch"), 1);
}

TEST_F(MissingTest, what_kept_it_from_beginning_is_told_without_the_line_end_behind_it) {
  start();
  ASSERT_TRUE(write_file(files().directory() + "/slurm-0.out", "gang: it cannot begin\n"));
  slurm_says("FAILED");
  EXPECT_EQ(end().detail, "it cannot begin");
}

TEST_F(MissingTest, what_slurm_ended_before_anybody_saw_it_run_is_lost_too) {
  start();
  write_stopped(now());
  Claim claim;
  claim.slurm_job = "7";
  claim.at = now();
  ASSERT_TRUE(make_claim(files().claim(0), claim));
  EXPECT_EQ(end().cause, EndCause::lost);
}

TEST_F(MissingTest, a_connection_that_breaks_is_no_refusal) {
  slurm.write("sbatch_complains",
              "sbatch: error: slurm_msg_sendto: Unexpected missing socket error\n"
              "sbatch: error: Batch job submission failed: Unexpected missing socket error\n");
  engine_->start(order({1}, 1, {}));
  ASSERT_TRUE(ear.hear_until([&] { return slurm.calls("sbatch") == 2 || !ear.ends.empty(); }));
  EXPECT_TRUE(ear.ends.empty());
  std::filesystem::remove(slurm.dir() + "/sbatch_complains");
  EXPECT_TRUE(run_until([&] { return !tag().empty(); }));
}

TEST_F(MissingTest, what_runs_is_stopped_also_where_each_look_is_slow) {
  start();
  begin();
  slurm.write("slow", "");
  hear_for(milliseconds(700));
  engine_->stop({gang, EndCause::stopped, "stopped by anna", false});
  EXPECT_TRUE(ear.hear_until([&] { return slurm.calls("scancel --signal=TERM") > 0; }));
}

TEST_F(MissingTest, what_is_missing_is_found_out_also_where_each_second_look_fails) {
  slurm.write("flaky", "");
  start();
  EXPECT_TRUE(ear.hear_until([&] { return !tag(8).empty(); }));
}

TEST_F(MissingTest, what_somebody_cancelled_is_stopped_and_not_lost) {
  start();
  begin();
  slurm_says("CANCELLED");
  write_stopped(now());
  const Ending ending = end();
  EXPECT_EQ(ending.cause, EndCause::stopped);
  EXPECT_EQ(ending.detail, "it was cancelled in Slurm, not by gang");
}

TEST_F(MissingTest, accounts_that_do_not_answer_are_told_and_waited_for_for_some_time_only) {
  slurm.write("sacct_fails", "");
  start();
  begin();
  slurm_says("CANCELLED");
  write_stopped(now());
  EXPECT_TRUE(
      ear.hear_until([&] { return is_noted("accounts") && is_noted("Connection refused"); }));
  EXPECT_EQ(end().cause, EndCause::stopped);
}

TEST_F(MissingTest, a_node_that_failed_loses_its_gang_only_when_nothing_of_it_lives) {
  start();
  begin();
  slurm_says("NODE_FAIL");
  live_for(milliseconds(1'500));
  EXPECT_TRUE(ear.ends.empty());
  const Ending ending = end();
  EXPECT_EQ(ending.cause, EndCause::lost);
  EXPECT_EQ(ending.detail, "node n1 failed");
}

}  // namespace
}  // namespace gangline
