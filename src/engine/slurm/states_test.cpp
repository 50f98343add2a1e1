// What follows from what Slurm says of a gang, with programs in its place that print what the test
// has written into files.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "engine/conformance_world.h"
#include "engine/slurm/slurm_engine.h"
#include "launch/job_files.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr Span longest = seconds(20);

// MARK and TAG in what is printed are those of the call, and of the newest sbatch or srun.
constexpr const char* program = R"(#!/bin/sh
place=$(dirname "$0")/..
name=$(basename "$0")
for word in "$@"; do
  case $word in
    --comment=*) echo "${word#--comment=}" > "$place/tag" ;;
    --format=*\|*) mark=${word#--format=}; mark=${mark%%|*} ;;
    --delimiter=*) mark=${word#--delimiter=|}; mark=${mark%|} ;;
  esac
done
echo "$name $*" >> "$place/calls"
print() { sed "s/MARK/$mark/g; s/TAG/$(cat "$place/tag" 2>/dev/null)/g" "$1"; }
case $name in
  squeue) echo "$mark|JOBID|"; print "$place/squeue" ;;
  sacct) print "$place/sacct" ;;
  sbatch) cat "$place/number" ;;
  srun) cat "$place/srun" >&2; exit 1 ;;
  scontrol) cat "$place/scontrol_$2" ;;
esac
)";

class SlurmSays : public ::testing::Test {
 protected:
  SlurmSays() {
    std::string made = (std::filesystem::temp_directory_path() / "gangline-states-XXXXXX").string();
    place_ = ::mkdtemp(made.data());
    std::filesystem::create_directory(place_ + "/bin");
    for (const char* name : {"squeue", "sacct", "sbatch", "srun", "scontrol", "scancel"})
      write("bin/" + std::string(name), program, 0700);
    for (const char* name : {"config", "partition", "node"})
      std::filesystem::copy_file(std::string(SOURCE_DIR) + "/tests/recorded/slurm/" + name +
                                     (std::string(name) == "config" ? ".txt" : "s.txt"),
                                 place_ + "/scontrol_" + name);
    for (const char* name : {"squeue", "sacct", "srun"}) write(name, "");
    write("number", "17\n");
    SlurmEngineSettings settings;
    settings.state_dir = place_ + "/state";
    settings.gang_program = "gang";
    settings.id = "test";
    settings.environment = {{"PATH", path_}};
    ::setenv("PATH", (place_ + "/bin:" + path_).c_str(), 1);  // where programs are looked for
    engine_ = std::make_unique<SlurmEngine>(loop_, settings);
    const auto nodes = engine_->describe_nodes();
    EXPECT_TRUE(nodes) << nodes.error().sentence();
  }
  ~SlurmSays() override {
    engine_.reset();
    ::setenv("PATH", path_.c_str(), 1);
    std::filesystem::remove_all(place_);
  }

  void write(const std::string& name, const std::string& text, mode_t mode = 0600) {
    EXPECT_TRUE(write_file(place_ + "/" + name, text, mode));
  }
  std::string read(const std::string& name) const {
    const auto text = read_file(place_ + "/" + name);
    return text ? *text : "";
  }

  void start(std::uint32_t attempt = 1) {
    StartOrder order;
    order.job.id = {1};
    order.attempt = attempt;
    JobSpec spec;
    spec.name = "test";
    spec.command = {false, {"true"}};
    spec.dir = "/";
    order.job.spec = std::make_shared<const JobSpec>(std::move(spec));
    order.allocation = std::make_shared<const Allocation>();
    engine_->start(order);
  }

  bool comes(const std::function<bool()>& done) {
    const Span begun = since_boot();
    bool was_done = false;
    const auto tick = loop_.every(milliseconds(5), [&] {
      for (Event& event : engine_->poll(now()).events) heard_.push_back(std::move(event));
      was_done = done();
      if (was_done || since_boot() - begun > longest) loop_.stop();
    });
    loop_.run();
    return was_done;
  }
  bool is_sent() {
    return comes([this] { return read("calls").find("sbatch ") != std::string::npos; });
  }
  const GangEnded* end() const {
    for (const Event& event : heard_)
      if (const auto* ended = std::get_if<GangEnded>(&event.body)) return ended;
    return nullptr;
  }
  Ending ending() {
    EXPECT_TRUE(comes([this] { return end() != nullptr; }));
    return end() != nullptr ? end()->ending : Ending{};
  }
  SendingFiles files() const {
    std::string tag = read("tag");
    tag.erase(tag.find_last_not_of('\n') + 1);
    return SendingFiles::of(place_ + "/state", {1}, tag);
  }
  /// What the gang's program does on a node.
  void begin_as(const std::string& slurm_job) {
    Claim claim;
    claim.slurm_job = slurm_job;
    claim.at = now();
    claim.nodes = {{"n1", 1, {}}};
    ASSERT_TRUE(make_claim(files().claim(0), claim));
    ASSERT_TRUE(comes([this] { return !heard_.empty(); }));
  }
  /// Its program was told to stop, and wrote that down.
  void is_stopped() {
    EndNote note;
    note.started = note.at = now();
    note.ending.cause = EndCause::stopped;
    ASSERT_TRUE(write_end(files().end(0), note));
  }

  std::string place_;
  const std::string path_ = std::getenv("PATH");
  Loop loop_;
  std::unique_ptr<SlurmEngine> engine_;
  std::vector<Event> heard_;
};

TEST_F(SlurmSays, of_two_jobs_for_one_gang_that_are_over_the_newer_one_counts) {
  start();
  ASSERT_TRUE(is_sent());
  // The srun that found no node is the older one, wherever it stands in the list.
  write("sacct",
        "17|MARK|17|MARK|CANCELLED by 0|MARK|0:0|MARK|None assigned|MARK|2026-11-27T09:42:05"
        "|MARK|2026-11-27T09:42:14|MARK|TAG|MARK|sbatch\n");
  write("squeue",
        "MARK|17|17|N/A|CANCELLED|None||2026-11-27T09:42:05|2026-11-27T09:42:14|TAG\n"
        "MARK|16|16|N/A|FAILED|BadConstraints||2026-11-27T09:42:05|2026-11-27T09:42:05|TAG\n");
  const Ending ended = ending();
  EXPECT_EQ(ended.cause, EndCause::stopped);
  EXPECT_EQ(ended.detail, "it was cancelled in Slurm by root");
}

TEST_F(SlurmSays, a_node_that_could_not_start_it_is_named_and_not_root_who_took_it_back) {
  start();
  ASSERT_TRUE(is_sent());
  write("sacct",
        "17|MARK|17|MARK|CANCELLED by 0|MARK|0:0|MARK|n1|MARK|2026-11-27T09:42:05"
        "|MARK|2026-11-27T09:42:05|MARK|TAG|MARK|sbatch\n");
  write("squeue", "MARK|17|17|N/A|CANCELLED|None|n1|2026-11-27T09:42:05|2026-11-27T09:42:05|TAG\n");
  const Ending ended = ending();
  EXPECT_EQ(ended.cause, EndCause::lost);
  EXPECT_EQ(ended.detail.find("node n1 could not start it"), 0u) << ended.detail;
}

TEST_F(SlurmSays, a_prolog_that_fails_for_srun_is_not_tried_on_one_more_node) {
  std::uint32_t attempt = 0;  // Slurm drains a node for each
  for (const char* said :
       {"srun: error: Task launch for StepId=3.0 failed on node n3: Job prolog failed\n"
        "srun: error: Application launch failed: Job prolog failed\n",
        "srun: error: Nodes n3 are still not ready\n"
        "srun: error: Something is wrong with the boot of the nodes.\n"}) {
    write("srun", said);
    heard_.clear();
    start(++attempt);
    const Ending ended = ending();
    EXPECT_EQ(ended.cause, EndCause::lost);
    EXPECT_EQ(ended.detail, "node n3 could not start it: mostly a prolog that fails there");
  }
  EXPECT_EQ(read("calls").find("sbatch "), std::string::npos);
}

TEST_F(SlurmSays, a_deadline_and_too_much_memory_are_told_as_such) {
  const struct {
    const char* state;
    EndCause cause;
    const char* detail;
  } cases[] = {
      {"DEADLINE", EndCause::time_limit, "its deadline in Slurm had come"},
      {"OUT_OF_MEMORY", EndCause::out_of_memory, "it went over the memory that Slurm gave it"},
  };
  for (const auto& one : cases) {
    heard_.clear();
    write("calls", "");
    write("squeue", "");
    start(static_cast<std::uint32_t>(&one - cases) + 1);
    ASSERT_TRUE(is_sent());
    write("squeue", std::string("MARK|17|17|N/A|") + one.state +
                        "|None|n1|2026-11-27T09:42:05|2026-11-27T09:42:05|TAG\n");
    const Ending ended = ending();
    EXPECT_EQ(ended.cause, one.cause) << one.state;
    EXPECT_EQ(ended.detail, one.detail);
  }
}

TEST_F(SlurmSays, what_is_suspended_stands_still_and_is_stopped_by_slurm_itself) {
  start();
  ASSERT_TRUE(is_sent());
  begin_as("17");
  EXPECT_EQ(engine_->stands_still({1}), "");
  write("squeue", "MARK|17|17|N/A|SUSPENDED|None|n1|2026-11-27T09:42:05|N/A|TAG\n");
  ASSERT_TRUE(comes([this] { return !engine_->stands_still({1}).empty(); }));
  EXPECT_FALSE(engine_->notes_of({{1}, 0}).empty());
  engine_->stop({{{1}, 0}, EndCause::stopped, "stopped by anna", false});
  // A signal would never reach it.
  EXPECT_TRUE(comes([this] { return read("calls").find("scancel 17") != std::string::npos; }))
      << read("calls");
}

TEST_F(SlurmSays, what_was_stopped_while_it_stood_still_has_its_last_lines) {
  start();
  ASSERT_TRUE(is_sent());
  begin_as("17");
  write("squeue", "MARK|17|17|N/A|SUSPENDED|None|n1|2026-11-27T09:42:05|N/A|TAG\n");
  ASSERT_TRUE(comes([this] { return !engine_->stands_still({1}).empty(); }));
  const std::string log = JobFiles(place_ + "/state").log({{1}, 0}, 1, 0, false);
  std::filesystem::create_directories(std::filesystem::path(log).parent_path());
  ASSERT_TRUE(write_file(log, "step 3 of 9\n", 0600));
  engine_->stop({{{1}, 0}, EndCause::stopped, "stopped by anna", false});
  write("squeue", "MARK|17|17|N/A|CANCELLED|None|n1|2026-11-27T09:42:05|2026-11-27T09:42:14|TAG\n");
  const Ending ended = ending();
  EXPECT_EQ(ended.cause, EndCause::stopped);
  EXPECT_EQ(ended.detail, "stopped by anna");
  EXPECT_EQ(ended.last_lines, "step 3 of 9\n");
}

TEST_F(SlurmSays, what_was_put_back_and_is_held_is_sent_held) {
  start();
  ASSERT_TRUE(is_sent());
  begin_as("17");
  write("squeue",
        "MARK|17|17|N/A|PENDING|job requeued in held state||2026-11-27T09:42:05|N/A|TAG\n");
  is_stopped();
  EXPECT_EQ(ending().cause, EndCause::preempted);
  write("calls", "");
  write("number", "18\n");
  start(2);
  ASSERT_TRUE(is_sent());
  const auto script = read_file(files().script());
  ASSERT_TRUE(script);
  EXPECT_NE(script->find("#SBATCH --hold\n"), std::string::npos);
  write("squeue", "MARK|18|18|N/A|PENDING|JobHeldUser||N/A|N/A|TAG\n");
  EXPECT_TRUE(comes([this] {
    return engine_->wait_of({{1}, 0}).reason.find("put back and held by somebody") !=
           std::string::npos;
  }));
}

TEST_F(SlurmSays, one_that_it_has_not_looked_at_was_just_sent) {
  start();
  ASSERT_TRUE(is_sent());
  write("squeue", "MARK|17|17|N/A|PENDING|None||N/A|N/A|TAG\n");
  EXPECT_TRUE(comes([this] {
    return engine_->wait_of({{1}, 0}).reason ==
           "Slurm job 17: it has just been sent, and Slurm has not looked at it yet";
  })) << engine_->wait_of({{1}, 0}).reason;
}

TEST_F(SlurmSays, nothing_is_suggested_for_what_is_held_or_where_nothing_is_free) {
  start();
  ASSERT_TRUE(is_sent());
  for (const char* reason : {"JobHeldUser", "JobHeldAdmin", "Dependency", "Resources"}) {
    write("squeue", std::string("MARK|17|17|N/A|PENDING|") + reason + "||N/A|N/A|TAG\n");
    ASSERT_TRUE(comes([&] {
      return engine_->wait_of({{1}, 0}).reason.find(std::string("(") + reason + ")") !=
             std::string::npos;
    })) << reason;
    std::optional<EngineWhy> why;
    engine_->explain({{1}, 0}, [&](EngineWhy found) { why = std::move(found); });
    ASSERT_TRUE(comes([&] { return why.has_value(); }));
    EXPECT_TRUE(why->suggestions.empty()) << reason;
    EXPECT_EQ(read("calls").find("--test-only"), std::string::npos) << reason;
  }
}

}  // namespace
}  // namespace gangline
