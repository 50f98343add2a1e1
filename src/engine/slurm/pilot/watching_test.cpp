// Pilots that an earlier service left, on a Slurm that says what a test wants it to say. Their
// nodes never connect: what they write on the shared disk, the test writes.
#include <gtest/gtest.h>

#include "engine/slurm/fake_slurm.h"
#include "engine/slurm/pilot/pilots.h"
#include "engine/slurm/sending.h"
#include "engine/slurm/slurm_programs.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::int64_t fast = 20;  // so 30 seconds are 1.5
constexpr const char* tag = "gang-pilot-x";

class PilotsTest : public ::testing::Test {
 protected:
  /// A pilot of one node, n1, on which a gang runs.
  void make(PilotRequest request, bool with_node = true, bool with_gang = true) {
    PilotKept kept;
    kept.number = 1;
    kept.tag = tag;
    kept.slurm = "5";
    request.time = request.time.us > 0 ? request.time : hours(1);
    kept.request = request;
    if (with_node) kept.names = {{"n1", "n1/pilot"}};
    ASSERT_TRUE(files.make(kept));
    Node node;
    node.name = "n1/pilot";
    node.counted = whole_cpus(4);
    if (with_node) {
      ASSERT_TRUE(files.keep_node("n1", node));
    }
    PilotsCalls told;
    told.tell = [this](Time, EventBody body) {
      if (const auto* ended = std::get_if<GangEnded>(&body)) ends.push_back(*ended);
      if (const auto* seen = std::get_if<NodeSeen>(&body)) shown = seen->node;
    };
    told.slurm_node = [this](const std::string&) { return in_slurm ? &*in_slurm : nullptr; };
    told.some_host = [] { return std::string("localhost"); };
    told.work_waits = [this] { return work_waits; };
    pilots = std::make_unique<Pilots>(
        loop, programs, PilotsSettings{slurm.dir(), "/srv/bin/gang", "store", fast}, told);
    std::vector<StartOrder> asked;
    if (with_node) {
      pilots->adopt({0}, pilots->nodes().front());
      if (with_gang) asked.push_back(order());
    }
    pilots->resume("", asked);
  }
  static StartOrder order() {
    JobSpec spec;
    spec.name = "test";
    spec.command = {true, {"true"}};
    spec.pilot = true;
    StartOrder order;
    order.job.id = {1};
    order.job.spec = std::make_shared<const JobSpec>(std::move(spec));
    order.allocation = std::make_shared<const Allocation>(
        Allocation{0, {{{0}, {{0, {}, {}, {}, whole_cpus(1)}}}}});
    return order;
  }
  void slurm_says(const std::string& state, const std::string& nodes,
                  const std::string& end = "N/A") {
    slurm.set_jobs(FakeSlurm::job_line("5", state, nodes, tag, end));
  }
  /// While its program lives, its sign changes.
  void live_for(Span span) {
    const Span begun = since_boot();
    run_loop_until(loop, [&] {
      (void)write_file(files.sign("n1"), std::to_string(++signs) + "\n").ok();
      return since_boot() - begun > span;
    });
  }
  bool run_until(const std::function<bool()>& done) { return run_loop_until(loop, done); }
  void run_for(Span span) {
    const Span begun = since_boot();
    run_loop_until(loop, [&] { return since_boot() - begun > span; });
  }
  /// A launcher of n1 that has nothing to say.
  void connect() {
    const auto point = files.point();
    auto key = files.key(tag);
    ASSERT_TRUE(point && key);
    const auto greet = [this] {
      NodeHello hello;
      hello.host = hello.node.name = "n1";
      hello.address = "127.0.0.1";
      stream->send(frame_of(hello));
    };
    const auto welcome = [this](std::string_view) {
      if (!std::exchange(welcomed, true)) stream->send(frame_of(WelcomeMessage{wire_version, "e"}));
    };
    auto made = KeyedStream::connect(loop, point->address, point->port, *key,
                                     {greet, welcome, [](const std::string&) {}});
    ASSERT_TRUE(made);
    stream = *std::move(made);
    ASSERT_TRUE(run_until([&] { return !pilots->views().front().nodes.empty(); }));
  }
  /// Of the only gang.
  Ending end() {
    EXPECT_TRUE(run_until([&] { return !ends.empty(); }));
    return ends.empty() ? Ending{} : ends.front().ending;
  }

  FakeSlurm slurm;
  Loop loop;
  SlurmPrograms programs{loop, {{"PATH", slurm.path()}}};
  PilotFiles files{slurm.dir(), 1};
  std::vector<GangEnded> ends;
  std::optional<Node> shown, in_slurm;  ///< n1, as it was told last and as Slurm has it
  bool work_waits = false;
  std::unique_ptr<Pilots> pilots;
  std::uint64_t signs = 0;
  bool welcomed = false;
  std::unique_ptr<KeyedStream> stream;
};

TEST_F(PilotsTest, a_node_that_slurm_took_from_the_job_loses_its_gang_when_nothing_lives_there) {
  slurm_says("RUNNING", "n2");
  make({});
  live_for(milliseconds(2'000));  // longer than any patience
  EXPECT_TRUE(ends.empty());
  const Ending ending = end();
  EXPECT_EQ(ending.cause, EndCause::lost);
  EXPECT_EQ(ending.detail, "node n1 failed");
  // Whatever lives there after all ends by this.
  EXPECT_FALSE(std::filesystem::exists(files.sign("n1")));
}

TEST_F(PilotsTest, a_pilot_whose_only_node_failed_loses_its_gang_when_nothing_lives_there) {
  slurm_says("NODE_FAIL", "n1");
  make({});
  live_for(milliseconds(1'500));
  EXPECT_TRUE(ends.empty());
  EXPECT_EQ(end().cause, EndCause::lost);
  EXPECT_EQ(pilots->views().front().phase, PilotPhase::ended);
}

TEST_F(PilotsTest, a_pilot_that_was_cancelled_sends_its_gang_back_to_waiting) {
  slurm_says("CANCELLED", "n1");
  make({});
  EXPECT_EQ(end().cause, EndCause::preempted);
}

TEST_F(PilotsTest, a_job_that_slurm_forgot_is_over_when_nothing_lives_on_its_nodes) {
  make({});
  live_for(milliseconds(2'000));
  EXPECT_TRUE(ends.empty());
  EXPECT_EQ(end().cause, EndCause::preempted);
}

TEST_F(PilotsTest,
       a_node_of_which_nothing_is_heard_for_long_is_given_up_though_slurm_says_it_is_well) {
  slurm_says("RUNNING", "n1");
  make({});
  live_for(milliseconds(2'500));
  EXPECT_TRUE(ends.empty());
  const Ending ending = end();
  EXPECT_EQ(ending.cause, EndCause::lost);
  EXPECT_EQ(ending.detail, "nothing is heard of node n1 any more");
}

TEST_F(PilotsTest, stopping_one_that_has_ended_says_how_it_ended) {
  slurm_says("CANCELLED", "n1");
  make({});
  ASSERT_EQ(end().cause, EndCause::preempted);
  std::optional<Result<PilotView>> told;
  pilots->stop_pilot(1, [&](const Result<PilotView>& view) { told = view; });
  ASSERT_TRUE(told && told->ok());
  EXPECT_EQ((*told)->phase, PilotPhase::ended);
}

TEST_F(PilotsTest, is_cancelled_by_the_number_that_slurm_says_now_and_no_other_job_is) {
  slurm.set_jobs(FakeSlurm::job_line("9", "PENDING", "", tag) +
                 FakeSlurm::job_line("5", "RUNNING", "n1", "somebody's"));
  make({}, false);
  pilots->stop_pilot(1, [](const auto&) {});
  EXPECT_TRUE(run_until([&] { return slurm.calls("scancel 9") > 0; }));
  EXPECT_EQ(slurm.calls("scancel 5"), 0);
}

TEST_F(PilotsTest, has_nodes_for_nobody_before_it_is_known_until_when) {
  slurm_says("RUNNING", "n1");
  make({}, true, false);
  connect();
  run_for(milliseconds(300));
  ASSERT_TRUE(shown);
  EXPECT_FALSE(shown->up);
  slurm_says("RUNNING", "n1", std::to_string(now().us / 1'000'000 + 3'000));
  EXPECT_TRUE(run_until([&] { return shown->up; }));
  EXPECT_TRUE(shown->until.has_value());
}

TEST_F(PilotsTest, starts_nothing_on_a_node_while_it_is_drained_in_slurm) {
  slurm_says("RUNNING", "n1", std::to_string(now().us / 1'000'000 + 3'000));
  make({}, true, false);
  connect();
  ASSERT_TRUE(run_until([&] { return shown && shown->up; }));
  in_slurm.emplace();
  in_slurm->up = false;
  in_slurm->notes = {"drained: bad fan"};
  EXPECT_TRUE(run_until([&] { return !shown->up; }));
  EXPECT_EQ(shown->notes, std::vector<std::string>{"drained: bad fan"});
  EXPECT_NE(pilots->lacks().find("drained: bad fan"), std::string::npos);
  in_slurm->up = true;
  in_slurm->notes.clear();
  EXPECT_TRUE(run_until([&] { return shown->up; }));
  EXPECT_TRUE(shown->notes.empty());
}

TEST_F(PilotsTest, gives_its_nodes_back_when_nothing_more_may_start_there_and_nothing_runs) {
  slurm_says("RUNNING", "n1", std::to_string(now().us / 1'000'000 + 30));
  make({}, true, false);
  EXPECT_TRUE(run_until([&] { return pilots->views().front().phase == PilotPhase::ending; }));
  EXPECT_NE(pilots->views().front().reason.find("its time is up"), std::string::npos);
}

TEST_F(PilotsTest, is_asked_for_again_near_its_end_where_it_has_work) {
  PilotRequest request;
  request.renew = true;
  slurm_says("RUNNING", "n1", std::to_string(now().us / 1'000'000 + 300));
  make(request);
  EXPECT_TRUE(run_until([&] { return slurm.calls("sbatch") == 1; }));
  run_for(milliseconds(300));
  EXPECT_EQ(slurm.calls("sbatch"), 1);
}

TEST_F(PilotsTest, is_asked_for_again_for_what_has_to_leave_it_also_before_its_last_part) {
  PilotRequest request;
  request.renew = true;
  request.time = minutes(1);
  slurm_says("RUNNING", "n1", std::to_string(now().us / 1'000'000 + 25));
  make(request);
  EXPECT_TRUE(run_until([&] { return slurm.calls("sbatch") == 1; }));
}

TEST_F(PilotsTest, is_not_asked_for_again_for_work_at_which_it_never_had_a_chance) {
  PilotRequest request;
  request.renew = true;
  work_waits = true;
  slurm_says("RUNNING", "n1", std::to_string(now().us / 1'000'000 + 300));
  make(request, false);
  run_for(milliseconds(500));
  EXPECT_EQ(slurm.calls("sbatch"), 0);
}

TEST_F(PilotsTest, is_asked_for_again_where_its_last_node_is_lost_and_work_waits) {
  PilotRequest request;
  request.renew = true;
  work_waits = true;
  slurm_says("RUNNING", "n2");
  make(request);
  live_for(milliseconds(500));
  EXPECT_EQ(slurm.calls("sbatch"), 0);
  (void)end();
  EXPECT_TRUE(run_until([&] { return slurm.calls("sbatch") == 1; }));
}

}  // namespace
}  // namespace gangline
