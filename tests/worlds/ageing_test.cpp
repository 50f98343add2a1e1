// Under ageing nobody is starved, however many more urgent ones keep coming: each gang that can run
// starts by a time that can be told when it comes.
//
// Policy::ages of waiting make up for one of priority. So once the difference between the highest
// priority and its own has passed, nobody who comes goes before a gang any more. Those before it
// then are a fixed number. One more may hold the promise that the policy makes, from when it was
// the first. Then the first of those before it is promised a start, and so on; and since all have
// time limits and keep them, each promise is kept within the longest limit from when it was made.
// So the gang starts within (those before it + 2) times the longest limit after that.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>

#include "base/text.h"
#include "random_world.h"
#include "schedule/forecast.h"
#include "schedule/make_plan.h"
#include "schedule/order/order.h"
#include "schedule/planner.h"

namespace gangline::worlds {
namespace {

constexpr std::int32_t highest = 3;
constexpr std::int64_t longest = 40;  ///< seconds, of any time limit

struct Stream {
  std::shared_ptr<Cluster> cluster = std::make_shared<Cluster>();
  std::vector<WaitingGroup> jobs;  ///< by time
  std::vector<Span> runs;
};

/// A few large ones of low priority at the beginning, and then more urgent small ones all the time:
/// together more than the machines can do.
Stream random_stream(Dice& dice) {
  Stream stream;
  std::uint32_t devices = 0;
  for (std::uint32_t n = dice.from(1, 3); n > 0; --n) {
    Node& node = stream.cluster->nodes.emplace_back();
    node.name = "n" + std::to_string(n);
    node.cpus = CpuSet::first(32);
    node.devices.resize(dice.from(2, 8));
    devices += static_cast<std::uint32_t>(node.devices.size());
  }
  const std::uint32_t count = dice.from(60, 150);
  std::int64_t at = 1;
  for (std::uint32_t i = 0; i < count; ++i) {
    WaitingGroup job;
    job.job = {i + 1};
    ResourceRequest request;
    const bool large = dice.one_in(8);
    request.tasks = large ? dice.from(1, devices) : 1;
    request.alternatives[0].devices = DeviceRequest{};
    request.alternatives[0].devices->count = large ? 1 : dice.from(1, 2);
    job.request = std::make_shared<const ResourceRequest>(request);
    job.priority = large ? 0 : static_cast<std::int32_t>(dice.from(0, highest));
    job.submitted = Time{seconds(at).us};
    job.time = seconds(dice.from(1, longest));
    // As often as the machines are too few by half.
    at += dice.from(0, std::max(1u, 2 * 20 / devices));
    stream.runs.push_back(Span{job.time->us / static_cast<std::int64_t>(dice.from(1, 3))});
    stream.jobs.push_back(std::move(job));
  }
  return stream;
}

class StreamRun {
 public:
  StreamRun(Stream stream, const Policy& policy) : stream_(std::move(stream)), policy_(policy) {
    world_.cluster = stream_.cluster;
    world_.queues = {Queue{}};
  }

  void go() {
    std::set<Time> times;
    for (const WaitingGroup& job : stream_.jobs) {
      times.insert(job.submitted);
      times.insert(no_newcomer_passes(job));
    }
    while (!times.empty() || !ends_.empty()) {
      for (const auto& [end, job] : ends_) times.insert(end);
      world_.now = *times.begin();
      times.erase(times.begin());
      step();
    }
  }

  /// By when it must have started; empty: it can never run.
  std::map<JobId, Time> must_start, started;

 private:
  Time no_newcomer_passes(const WaitingGroup& job) const {
    return job.submitted + Span{policy_.ages.us * (highest - job.priority)} + microseconds(1);
  }

  void step() {
    while (!ends_.empty() && ends_.begin()->first <= world_.now) {
      const JobId job = ends_.begin()->second;
      ends_.erase(ends_.begin());
      std::erase_if(world_.holders, [&](const Holder& holder) { return holder.job == job; });
    }
    for (; next_ < stream_.jobs.size() && stream_.jobs[next_].submitted <= world_.now; ++next_)
      world_.waiting.push_back(stream_.jobs[next_]);
    const Plan plan = make_plan(world_, policy_);
    carry_out(plan, world_);
    for (const Start& start : plan.starts) {
      started[start.job] = world_.now;
      ends_.emplace(world_.now + stream_.runs[start.job.n - 1], start.job);
    }
    reckon();
  }

  /// For those whom no newcomer passes from now on.
  void reckon() {
    const Order order(policy_, world_.queues, nullptr);
    for (const WaitingGroup& job : world_.waiting) {
      if (no_newcomer_passes(job) != world_.now || must_start.contains(job.job)) continue;
      if (never_fits(*world_.cluster, *job.request)) continue;
      const OrderKey key = order.key_of(job, 0);
      const auto before = std::count_if(
          world_.waiting.begin(), world_.waiting.end(), [&](const WaitingGroup& other) {
            return order.key_of(other, 0) < key && !never_fits(*world_.cluster, *other.request);
          });
      must_start[job.job] = world_.now + seconds((before + 2) * longest);
    }
  }

  const Stream stream_;
  const Policy policy_;
  Snapshot world_;
  std::multimap<Time, JobId> ends_;
  std::size_t next_ = 0;

 public:
  const Stream& stream() const { return stream_; }
};

TEST(Ageing, StartsEachGangThatCanRunByATimeThatIsKnownWhenOthersKeepComing) {
  const char* told = std::getenv("WORLDS");
  const std::uint64_t worlds =
      std::max<std::uint64_t>(20, told == nullptr ? 60 : std::strtoull(told, nullptr, 10) / 8);
  Policy policy = *find_policy("ageing");
  policy.ages = seconds(60);
  std::size_t late_comers = 0;
  for (std::uint64_t seed = 1; seed <= worlds; ++seed) {
    Dice dice(seed);
    StreamRun run(random_stream(dice), policy);
    run.go();
    for (const WaitingGroup& job : run.stream().jobs) {
      if (never_fits(*run.stream().cluster, *job.request)) continue;
      ASSERT_TRUE(run.started.contains(job.job)) << "job " << job.job.n << " SEED " << seed;
      const auto by = run.must_start.find(job.job);
      if (by == run.must_start.end()) continue;  // it had started before
      ++late_comers;
      ASSERT_LE(run.started[job.job].us, by->second.us) << "job " << job.job.n << " SEED " << seed;
    }
  }
  EXPECT_GT(late_comers, worlds) << "some wait for longer than newcomers may pass them";
}

}  // namespace
}  // namespace gangline::worlds
