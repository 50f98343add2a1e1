// How fast plans are made on a large cluster: one from nothing, and each next one after a gang
// ended. usage: plan_speed NODES WAITING SHAPES [NEXT_PLANS [NODES_A_RACK]]  prints one line of
// JSON
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <unordered_map>
#include <vector>

#include "schedule/planner.h"

namespace gangline {
namespace {

class Dice {
 public:
  std::uint32_t below(std::uint32_t n) {
    state_ += 0x9E3779B97F4A7C15ull;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return static_cast<std::uint32_t>((z ^ (z >> 31)) % n);
  }

 private:
  std::uint64_t state_ = 42;
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double peak_mib() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  return static_cast<double>(use.ru_maxrss) / 1024.0;
}

/// `a_rack`: so many nodes under one switch, and so many of these in a row; 0: it is not known.
std::shared_ptr<const Cluster> make_cluster(std::uint32_t nodes, std::uint32_t a_rack) {
  static constexpr const char* models[] = {"NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-80GB",
                                           "NVIDIA L40S", "Tesla V100-SXM2-32GB"};
  auto cluster = std::make_shared<Cluster>();
  for (std::uint32_t n = 0; n < nodes; ++n) {
    Node& node = cluster->nodes.emplace_back();
    node.name = "n" + std::to_string(n);
    node.cpus = CpuSet::first(96);
    node.memory = gibibytes(1024);
    if (a_rack > 0)
      node.place = {"row" + std::to_string(n / a_rack / a_rack),
                    "rack" + std::to_string(n / a_rack)};
    const std::uint32_t model = n % 4;
    for (std::uint32_t d = 0; d < 8; ++d) {
      Device device;
      device.vendor = "nvidia";
      device.model = models[model];
      device.memory = gibibytes(model < 2 ? 80 : 48);
      device.numa_node = d / 4;
      node.devices.push_back(std::move(device));
    }
    for (std::uint32_t a = 0; a < 8; ++a)
      for (std::uint32_t b = a + 1; b < 8; ++b)
        node.links.push_back(
            {a, b, model < 2 || a / 4 == b / 4 ? LinkKind::nvlink : LinkKind::system, 0});
    node.numa.resize(2);
    node.numa[1].n = 1;
    for (std::uint32_t c = 0; c < 96; ++c) node.numa[c / 48].cpus.add(c);
  }
  return cluster;
}

std::vector<std::shared_ptr<const ResourceRequest>> make_shapes(std::uint32_t count, Dice& dice) {
  static constexpr const char* models[] = {"", "H100", "A100", "L40S", "V100"};
  std::vector<std::shared_ptr<const ResourceRequest>> shapes;
  for (std::uint32_t i = 0; i < count; ++i) {
    ResourceRequest request;
    TaskRequest& task = request.alternatives[0];
    task.cpus = whole_cpus(1 + dice.below(12));
    task.memory = gibibytes(1 + dice.below(64));
    task.devices = DeviceRequest{};
    task.devices->model = models[dice.below(5)];
    const std::uint32_t kind = dice.below(20);
    if (kind < 3) task.devices->share = {static_cast<std::int32_t>(250 * (1 + dice.below(3)))};
    else if (kind < 12) task.devices->count = 1;
    else if (kind < 17) task.devices->count = 1u << (1 + dice.below(3));
    else if (kind < 19) request.tasks = 2 + dice.below(15);
    else request.tasks = 2 + dice.below(7), task.devices->count = 8, task.cpus = whole_cpus(48);
    shapes.push_back(std::make_shared<const ResourceRequest>(std::move(request)));
  }
  return shapes;
}

/// Half of all devices are held, by gangs that end at times of their own.
void hold_half(Snapshot& snapshot, Dice& dice) {
  std::uint64_t job = 1'000'000'000;
  for (std::uint32_t n = 0; n < snapshot.cluster->nodes.size(); ++n) {
    std::uint32_t cpu = 0;
    for (std::uint32_t d = 0; d < 8;) {
      const std::uint32_t size = std::min(8 - d, 1u << dice.below(4));
      if (dice.below(2) == 0) {
        auto allocation = std::make_shared<Allocation>();
        TaskPlace task;
        for (std::uint32_t i = 0; i < size; ++i) task.devices.push_back({d + i});
        for (std::uint32_t i = 0; i < size * 4; ++i) task.cpus.add(cpu++);
        task.memory = gibibytes(16 * size);
        allocation->parts.push_back({{n}, {std::move(task)}});
        snapshot.holders.push_back({{++job},
                                    0,
                                    1,
                                    std::move(allocation),
                                    snapshot.now - seconds(dice.below(86'400)),
                                    snapshot.now + seconds(1 + dice.below(86'400))});
      }
      d += size;
    }
  }
}

void wait_all(Snapshot& snapshot, std::uint32_t waiting, std::uint32_t shapes, Dice& dice) {
  const auto requests = make_shapes(shapes, dice);
  for (std::uint32_t i = 0; i < waiting; ++i) {
    WaitingGroup group;
    group.job = {i + 1};
    group.request = requests[dice.below(shapes)];
    group.submitted = snapshot.now - seconds(waiting - i);
    group.time = minutes(10 * (1 + dice.below(144)));
    snapshot.waiting.push_back(std::move(group));
  }
}

/// The gangs that run, and the planner that is told of each start and end.
class World {
 public:
  World(const Snapshot& snapshot, Planner& planner)
      : waiting_(snapshot.waiting), planner_(planner) {
    for (const Holder& holder : snapshot.holders) note(holder);
  }

  void carry_out(const Plan& plan, Time now) {
    for (const Start& start : plan.starts) {
      const WaitingGroup& group = waiting_[start.job.n - 1];
      const Holder holder{start.job, start.first, 1, start.allocation, now, now + *group.time};
      planner_.holds(holder);
      planner_.no_longer_waits(start.job, start.first);
      planner_.promise_is_over({start.job, start.first});
      note(holder);
    }
    for (const PromiseMade& made : plan.promises) planner_.promised(made);
    for (const PromiseGivenUp& given_up : plan.given_up) planner_.promise_is_over(given_up.gang);
  }

  /// One that was not expected to, if `early`, and all whose time is up.
  void end_some(Dice& dice, Time now, bool early) {
    while (!by_end_.empty() && by_end_.begin()->first <= now) end(by_end_.begin()->second);
    if (early) end(running_[dice.below(static_cast<std::uint32_t>(running_.size()))]);
  }

 private:
  void note(const Holder& holder) {
    places_[holder.job] = running_.size();
    running_.push_back(holder.job);
    ends_[holder.job] = by_end_.emplace(holder.expected_end, holder.job);
  }
  void end(JobId job) {
    planner_.lets_go(job, 0);
    by_end_.erase(ends_[job]);
    ends_.erase(job);
    const std::size_t place = places_[job];
    running_[place] = running_.back();
    places_[running_[place]] = place;
    running_.pop_back();
    places_.erase(job);
  }

  const std::vector<WaitingGroup> waiting_;
  Planner& planner_;
  std::vector<JobId> running_;
  std::unordered_map<JobId, std::size_t> places_;
  std::multimap<Time, JobId> by_end_;
  std::unordered_map<JobId, std::multimap<Time, JobId>::iterator> ends_;
};

struct Options {
  std::uint32_t nodes = 0, waiting = 0, shapes = 0, next_plans = 0, a_rack = 0;
};

void measure(const Options& options) {
  Dice dice;
  Snapshot snapshot;
  snapshot.now = Time{seconds(1'000'000).us};
  snapshot.cluster = make_cluster(options.nodes, options.a_rack);
  snapshot.queues = {Queue{}};
  hold_half(snapshot, dice);
  wait_all(snapshot, options.waiting, options.shapes, dice);
  const double world_mib = peak_mib();

  auto begin = std::chrono::steady_clock::now();
  Planner planner(snapshot, *find_policy("easy"));
  const double loaded = seconds_since(begin);
  const Plan first = planner.plan(snapshot.now);
  const double planned = seconds_since(begin);
  begin = std::chrono::steady_clock::now();
  const std::size_t waits = planner.reasons().size();
  const double reasons = seconds_since(begin);
  World world(snapshot, planner);
  world.carry_out(first, snapshot.now);

  std::vector<double> times;
  std::size_t starts = 0;
  Time now = snapshot.now;
  for (std::uint32_t i = 0; i < options.next_plans; ++i) {
    now = now + milliseconds(100);
    world.end_some(dice, now, false);
    world.carry_out(planner.plan(now), now);
    begin = std::chrono::steady_clock::now();
    world.end_some(dice, now, true);
    const Plan plan = planner.plan(now);
    times.push_back(seconds_since(begin) * 1e3);
    world.carry_out(plan, now);
    starts += plan.starts.size();
  }
  std::sort(times.begin(), times.end());
  times.push_back(times.empty() ? 0 : times.back());
  const std::size_t n = times.size() - 1;
  std::printf(
      "{\"nodes\": %u, \"a_rack\": %u, \"waiting\": %u, \"shapes\": %u, \"load_s\": %.3f, "
      "\"plan_s\": %.3f, "
      "\"starts\": %zu, \"reasons_s\": %.3f, \"waits\": %zu, \"next_median_ms\": %.3f, "
      "\"next_p99_ms\": %.3f, \"next_most_ms\": %.3f, \"next_starts\": %zu, "
      "\"world_mib\": %.0f, \"peak_mib\": %.0f}\n",
      options.nodes, options.a_rack, options.waiting, options.shapes, loaded, planned,
      first.starts.size(), reasons, waits, times[n / 2], times[n * 99 / 100], times[n], starts,
      world_mib, peak_mib());
}

}  // namespace
}  // namespace gangline

int main(int argc, char** argv) {
  const auto number = [&](int i, unsigned long otherwise) {
    return static_cast<std::uint32_t>(argc > i ? std::strtoul(argv[i], nullptr, 10) : otherwise);
  };
  gangline::measure(
      {number(1, 1'000), number(2, 10'000), number(3, 1'000), number(4, 1'000), number(5, 0)});
  return 0;
}
