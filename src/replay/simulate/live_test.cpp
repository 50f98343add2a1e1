// Live equals simulated: the service's own cycle, with its store and a pretended cluster under it,
// places each job where a simulation of the same history places it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <map>

#include "control/controller.h"
#include "engine/simulator/simulator.h"
#include "replay/clusters/read_cluster.h"
#include "replay/input/amounts.h"
#include "replay/readers/small_log.h"
#include "replay/simulate/random_world.h"
#include "replay/simulate/simulation.h"

namespace gangline {
namespace {

// Pretended time begins after 0, with a round and at a multiple of Foresight::looks_every.
constexpr Span beginning = seconds(1'200'000);

constexpr Span longest_quiet = minutes(2);

// Time that passes when the test says so.
class PretendWorld final : public World {
 public:
  Time now() override { return now_; }
  void call_soon(std::function<void()> call) override { soon_.push_back(std::move(call)); }
  void call_later(Span delay, std::function<void()> call) override {
    later_.emplace(now_ + delay, std::move(call));
  }
  void settle() {
    while (!soon_.empty()) {
      const auto call = std::move(soon_.front());
      soon_.pop_front();
      call();
    }
  }
  Time next() const { return later_.empty() ? never : later_.begin()->first; }
  void pass_next() {
    now_ = later_.begin()->first;
    const auto call = std::move(later_.begin()->second);
    later_.erase(later_.begin());
    call();
    settle();
  }
  /// All that is due before then has happened, and nothing of what is due then.
  void pass_to(Time until) {
    while (next() < until) pass_next();
    now_ = until;
  }

 private:
  Time now_{};
  std::deque<std::function<void()>> soon_;
  std::multimap<Time, std::function<void()>> later_;
};

// The simulator's engine as a live one: it says by itself when a gang has ended.
class Speaking final : public Engine {
 public:
  explicit Speaking(PretendCluster& cluster) : quiet_(cluster) {}
  Result<std::vector<Node>> describe_nodes() override { return quiet_.describe_nodes(); }
  void adopt_node(NodeId id, const Node& node) override { quiet_.adopt_node(id, node); }
  void resume(const std::string& cursor, const std::vector<StartOrder>& asked) override {
    quiet_.resume(cursor, asked);
  }
  void start(const StartOrder& order) override { quiet_.start(order); }
  void stop(const StopOrder& order) override {
    if (on_stop) on_stop(order);
    quiet_.stop(order);
  }
  void return_turns(JobId job, std::uint32_t first, std::uint32_t count) override {
    quiet_.return_turns(job, first, count);
  }
  News poll(Time now) override { return quiet_.poll(now); }
  void acknowledge(const std::string& cursor) override { quiet_.acknowledge(cursor); }
  void on_news(std::function<void()> wake) override {
    wake_ = wake;
    quiet_.on_news(std::move(wake));
  }
  std::optional<NodeSample> sample() override { return quiet_.sample(); }
  Result<LogChunk> read_log(const LogQuery& query) override { return quiet_.read_log(query); }
  void retire() override { quiet_.retire(); }
  void speak() { wake_(); }
  std::function<void(const StopOrder&)> on_stop;

 private:
  Simulator quiet_;
  std::function<void()> wake_;
};

struct Placed {
  std::optional<Time> started;
  std::shared_ptr<const Allocation> where;  ///< null: it never started
};

class Live {
 public:
  Live(const History& history, const Cluster& cluster, const std::string& policy,
       const std::vector<Queue>& queues)
      : history_(history),
        queues_(queues),
        machines_(cluster.nodes, runs(), history.jobs.front().submitted + beginning),
        engine_(machines_),
        store_(std::move(*Store::open({":memory:", 0}))),
        placed_(history.jobs.size()) {
    world_.pass_to(machines_.now());
    engine_.on_stop = [this](const StopOrder& order) {
      const std::size_t index = index_.at(order.gang.job);
      kept_[index] = kept_[index] + (world_.now() - beginning - *placed_[index].started);
    };
    ControllerSettings settings;
    settings.settings.policy = policy;
    settings.settings.queues = queues;
    settings.owner = "anna";
    settings.stays = true;
    settings.usual = usual_in(history);
    settings.usual_work = work_in(history);
    controller_ = std::make_unique<Controller>(world_, *store_, engine_, settings, [] {});
    EXPECT_TRUE(controller_->begin().ok());
    world_.settle();
  }

  std::vector<Placed> go() {
    Time quiet_since;
    for (std::size_t next = 0;;) {
      const Time arrival =
          next < history_.jobs.size() ? history_.jobs[next].submitted + beginning : never;
      const Time end = machines_.next();
      const Time at = std::min(arrival, end);
      if (at != never) quiet_since = at;
      // All may have ended while somebody waits for the next round.
      if (at == never && world_.next() > quiet_since + longest_quiet) break;
      if (world_.next() < at) {  // it may stop somebody
        world_.pass_next();
        continue;
      }
      world_.pass_to(at);
      if (end == at) engine_.speak();
      for (; next < history_.jobs.size() && history_.jobs[next].submitted + beginning == at; ++next)
        submit(next);
      world_.settle();
    }
    return std::move(placed_);
  }

 private:
  PretendRuns runs() {
    return [this](const StartOrder& order, std::uint32_t) {
      const std::size_t index = index_.at(order.job.id);
      placed_[index] = {world_.now() - beginning, order.allocation};
      PretendRun run;
      run.length = history_.jobs[index].run - kept_[index];
      if (history_.jobs[index].run >= longest_span_in_a_log) run.length = no_limit;
      run.keeps_limit = false;
      return run;
    };
  }

  void submit(std::size_t index) {
    const PastJob& past = history_.jobs[index];
    JobSpec spec;
    spec.name = "job";
    spec.command = {false, {"true"}};
    spec.dir = "/";
    spec.resources = *past.request;
    spec.time = past.limit;
    spec.priority = past.priority;
    if (find_queue(queues_, past.queue)) spec.queue = past.queue;
    spec.checkpoint = true;
    controller_->submit(spec, [this, index](const Result<Submitted>& answer) {
      if (answer) index_[answer->id] = index;
      else ++refused[answer.error().sentence()];
    });
  }

  const History& history_;
  const std::vector<Queue> queues_;
  PretendWorld world_;
  std::map<JobId, std::size_t> index_;
  PretendCluster machines_;
  Speaking engine_;
  std::unique_ptr<Store> store_;
  std::vector<Placed> placed_;
  std::map<std::size_t, Span> kept_;  ///< of those that were stopped for others
  std::unique_ptr<Controller> controller_;

 public:
  std::map<std::string, std::uint64_t> refused;  ///< by sentence
};

void expect_equal(const History& history, const Cluster& cluster, const std::string& policy,
                  const std::vector<Queue>& queues = {Queue{}}) {
  SimulationSettings settings;
  settings.settings.queues = queues;
  settings.policy = *find_policy(policy);
  const auto simulated = simulate(history, cluster, settings);
  ASSERT_TRUE(simulated.ok());
  Live live(history, cluster, policy, queues);
  const std::vector<Placed> placed = live.go();
  std::size_t different = 0, hopeless = 0, started = 0, refused = 0;
  for (std::size_t i = 0; i < placed.size(); ++i) {
    const SimulatedJob& job = simulated->jobs[i];
    hopeless += job.lot == Lot::hopeless;
    started += job.where != nullptr;
    const bool same_place = (job.where == nullptr) == (placed[i].where == nullptr) &&
                            (job.where == nullptr || *job.where == *placed[i].where);
    if (same_place && (!job.started || newest_start(job) == placed[i].started)) continue;
    if (++different == 1)
      ADD_FAILURE() << policy << ": job " << i << " starts at "
                    << to_seconds(job.started.value_or(never) - Time{}) << " simulated and at "
                    << to_seconds(placed[i].started.value_or(never) - Time{}) << " live"
                    << (same_place ? "" : ", in another place");
  }
  for (const auto& [sentence, n] : live.refused) refused += n;
  EXPECT_EQ(different, 0u) << policy;
  EXPECT_EQ(refused, hopeless) << (refused > 0 ? live.refused.begin()->first : "");
  EXPECT_GT(started, 0u);
}

TEST(LiveEqualsSimulated, InSmallRandomWorldsUnderEachPolicyThatIsNotRandom) {
  const std::uint64_t first = told_by("SEED", 1), worlds = told_by("WORLDS", 5);
  for (std::uint64_t seed = first; seed < first + worlds && !HasFailure(); ++seed) {
    SCOPED_TRACE("SEED=" + std::to_string(seed));
    RandomWorld world = random_world(seed);
    for (PastJob& job : world.history.jobs) job.user = "anna";  // as live: guesses go by it
    for (const Policy& policy : policies())
      // With the Gittins index the order changes at every moment, so it counts when one looks.
      if (policy.place != Place::random && !policy.oracle &&
          policy.goes_first != GoesFirst::gittins)
        expect_equal(world.history, world.cluster, std::string(policy.name));
  }
}

TEST(LiveEqualsSimulated, WithQueuesThatShareHaveLimitsAndGuarantees) {
  const std::uint64_t first = told_by("SEED", 1), worlds = told_by("WORLDS", 5);
  for (std::uint64_t seed = first; seed < first + worlds && !HasFailure(); ++seed) {
    SCOPED_TRACE("SEED=" + std::to_string(seed));
    RandomWorld world = random_world(seed);
    std::vector<Queue> queues(4);
    queues[1] = {"lab", 0, false, std::nullopt, 2, {}, {6, 24}};
    queues[2] = {"vision", 0, false, 1, 1, {2, 4}, {}};
    queues[3] = {"speech", 0, false, 1, 3, {}, {}};
    for (std::size_t i = 0; i < world.history.jobs.size(); ++i) {
      world.history.jobs[i].queue = queues[(i * 7 + seed) % 4].name;
      world.history.jobs[i].user = "anna";  // a live service is that of one user
    }
    for (const char* policy : {"fair", "guaranteed", "easy", "fifo", "urgent"})
      expect_equal(world.history, world.cluster, policy, queues);
  }
}

// Arrivals of the public trace, a second apart; they never leave.
void expect_openb_equal(std::size_t most_arrivals) {
  const std::string folder = data_folder() + "openb/";
  HowToRead how;
  how.arrivals = folder + "arrivals_default.csv.gz";
  auto history = read_history(folder + "pods_default.csv.gz", how);
  ASSERT_TRUE(history.ok());
  if (history->jobs.size() > most_arrivals) history->jobs.resize(most_arrivals);
  const Cluster cluster = read_cluster(folder + "nodes_gpu.csv")->cluster;
  for (const char* policy : {"fgd", "best_fit", "easy"}) expect_equal(*history, cluster, policy);
}

TEST(LiveEqualsSimulated, OnTheFirstArrivalsOfOpenb) {
  if (data_folder().empty()) GTEST_SKIP() << "the public traces are not here";
  expect_openb_equal(2'000);
}

TEST(LiveEqualsSimulated, DISABLED_OnAllArrivalsOfOpenb) {
  if (data_folder().empty()) GTEST_SKIP() << "the public traces are not here";
  expect_openb_equal(20'000);
}

}  // namespace
}  // namespace gangline
