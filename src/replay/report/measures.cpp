#include "replay/report/measures.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <vector>

#include "schedule/place/free_state.h"
#include "schedule/rate/fragmentation.h"

namespace gangline {
namespace {

constexpr double shortest_run = 10;               // seconds, for the slowdown
constexpr std::size_t fragmentation_looks = 500;  // over the whole of a simulation

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  double sum = 0;
  for (const double value : values) sum += value;
  const auto rank = [&](double part) {
    const auto n = static_cast<std::size_t>(std::ceil(part * static_cast<double>(values.size())));
    return values[std::min(values.size(), std::max<std::size_t>(1, n)) - 1];
  };
  return {sum / static_cast<double>(values.size()), rank(0.5), rank(0.95), rank(0.99),
          values.back()};
}

/// Starts and ends of all allocations that lasted, in the order of time; what ends at a time frees
/// it for what starts then.
struct Change {
  Time at;
  bool starts = false;
  const Allocation* where = nullptr;
  bool operator<(const Change& other) const {
    return at != other.at ? at < other.at : starts < other.starts;
  }
};

std::vector<Change> changes_of(const Simulated& simulated) {
  std::vector<Change> changes;
  for (const SimulatedJob& job : simulated.jobs) {
    for (const Stint& run : runs_of(job, never)) {
      if (run.started == run.ended) continue;
      changes.push_back({run.started, true, run.where.get()});
      if (run.ended != never) changes.push_back({run.ended, false, run.where.get()});
    }
  }
  std::stable_sort(changes.begin(), changes.end());
  return changes;
}

double used_at_end(const Simulated& simulated) {
  double held = 0;
  for (const SimulatedJob& job : simulated.jobs) {
    if (job.where == nullptr || job.ended) continue;
    for (const NodePart& part : job.where->parts)
      for (const TaskPlace& task : part.tasks)
        for (const DeviceShare& share : task.devices) held += share.share.thousandths;
  }
  const double all = simulated.timeline.capacity();
  return all > 0 ? held / all : 0;
}

double mean_fragmentation(const History& history, const Cluster& cluster,
                          const Simulated& simulated) {
  const Kinds kinds(std::make_shared<const Cluster>(cluster), {});
  const Fragmentation measure(kinds, usual_in(history));
  FreeState free(kinds);
  const auto look = [&] {
    double sum = 0, all = 0;
    for (std::uint32_t n = 0; n < kinds.nodes(); ++n) {
      const FreeNode& node = free.node(n);
      sum += measure.of(kinds.kind_of(n), node.cpu_thousandths, node.devices);
      all += 1000.0 * static_cast<double>(node.devices.size());
    }
    return all > 0 ? sum / all : 0;
  };
  const Span step{std::max<std::int64_t>(
      1, (simulated.end - simulated.begin).us / static_cast<std::int64_t>(fragmentation_looks))};
  const std::vector<Change> changes = changes_of(simulated);
  double sum = 0;
  std::size_t looks = 0, next = 0;
  for (Time at = simulated.begin + step; at <= simulated.end; at = at + step, ++looks) {
    for (; next < changes.size() && changes[next].at <= at; ++next) {
      if (changes[next].starts) free.take(*changes[next].where);
      else free.give_back(*changes[next].where);
    }
    sum += look();
  }
  return looks > 0 ? sum / static_cast<double>(looks) : 0;
}

/// Jain, Chiu and Hawe, "A quantitative measure of fairness", DEC-TR-301, 1984.
std::optional<double> fairness_of(
    const std::map<std::string, std::pair<double, std::uint64_t>>& by_user) {
  if (by_user.size() < 2) return std::nullopt;
  double sum = 0, squares = 0;
  for (const auto& [user, slowdowns] : by_user) {
    const double mean = slowdowns.first / static_cast<double>(slowdowns.second);
    sum += mean;
    squares += mean * mean;
  }
  return sum * sum / (static_cast<double>(by_user.size()) * squares);  // slowdowns are at least 1
}

/// Device-hours of each model that were used and that there were.
struct ModelHours {
  double used = 0, all = 0;
};

std::map<std::string, ModelHours> hours_by_model(const Cluster& cluster,
                                                 const Simulated& simulated) {
  std::map<std::string, ModelHours> hours;
  const double all = to_seconds(simulated.end - simulated.begin) / 3600;
  for (const Node& node : cluster.nodes)
    for (const Device& device : node.devices)
      if (node.up && device.allottable) hours[device.model].all += all;
  for (const SimulatedJob& job : simulated.jobs) {
    for (const Stint& run : runs_of(job, simulated.end)) {
      const double length = to_seconds(run.ended - run.started) / 3600;
      for (const NodePart& part : run.where->parts)
        for (const TaskPlace& task : part.tasks)
          for (const DeviceShare& share : task.devices)
            hours[cluster.nodes[part.node.n].devices[share.device].model].used +=
                length * share.share.thousandths / 1000.0;
    }
  }
  return hours;
}

void add_energy_and_cost(const FoundCluster& found, const Simulated& simulated,
                         Measures& measures) {
  if (measures.gpu_hours <= 0) return;
  double used = 0, idle = 0, cost = 0;
  bool watts_known = !found.watts.empty(), idle_known = !found.watts_idle.empty();
  bool prices_known = !found.price_an_hour.empty();
  const auto add = [](double hours, const std::map<std::string, double>& each,
                      const std::string& model, double& sum, bool& known) {
    const auto found_one = each.find(model);
    if (found_one != each.end()) sum += hours * found_one->second;
    else if (hours > 0) known = false;
  };
  for (const auto& [model, hours] : hours_by_model(found.cluster, simulated)) {
    add(hours.used, found.watts, model, used, watts_known);
    add(std::max(0.0, hours.all - hours.used), found.watts_idle, model, idle, idle_known);
    add(hours.used, found.price_an_hour, model, cost, prices_known);
  }
  if (watts_known) measures.kilowatt_hours_used = used / 1000;
  if (watts_known && idle_known) measures.kilowatt_hours = (used + idle) / 1000;
  if (prices_known) measures.cost = cost;
}

std::optional<BacktestError> backtest_of(const History& history, const Simulated& simulated) {
  BacktestError error;
  std::vector<double> apart;
  for (std::size_t i = 0; i < history.jobs.size(); ++i) {
    const PastJob& past = history.jobs[i];
    const auto& started = simulated.jobs[i].started;
    if (!past.started || !started) continue;
    const double later = to_seconds(*started - *past.started);
    apart.push_back(std::abs(later));
    error.mean_later += later;
    error.wait_true += to_seconds(*past.started - past.submitted);
    error.wait_simulated += to_seconds(*started - past.submitted);
  }
  if (apart.empty()) return std::nullopt;
  error.jobs = apart.size();
  const auto n = static_cast<double>(apart.size());
  error.mean_later /= n;
  error.wait_true /= n;
  error.wait_simulated /= n;
  const Spread spread = spread_of(std::move(apart));
  error.mean_apart = spread.mean;
  error.median_apart = spread.median;
  error.p95_apart = spread.p95;
  return error;
}

}  // namespace

Measures measure(const History& history, const FoundCluster& found, const Simulated& simulated) {
  Measures measures;
  measures.jobs = simulated.jobs.size();
  measures.preemptions = simulated.stops;
  std::vector<double> waits, completions, slowdowns;
  std::map<std::string, std::pair<double, std::uint64_t>> by_user;
  for (std::size_t i = 0; i < simulated.jobs.size(); ++i) {
    const SimulatedJob& job = simulated.jobs[i];
    const PastJob& past = history.jobs[i];
    switch (job.lot) {
      case Lot::ended: ++measures.ended; break;
      case Lot::waited: ++measures.waited; break;
      case Lot::left: ++measures.left; break;
      case Lot::hopeless: ++measures.hopeless; break;
    }
    if (job.started) ++measures.started;
    Span ran{0};
    for (const Stint& run : job.stopped) ran = ran + (run.ended - run.started);
    if (job.started) waits.push_back(to_seconds(newest_start(job) - past.submitted - ran));
    if (!job.started || !job.ended) continue;
    completions.push_back(to_seconds(*job.ended - past.submitted));
    const double run = std::max(shortest_run, to_seconds(*job.ended - newest_start(job) + ran));
    slowdowns.push_back(std::max(1.0, completions.back() / run));
    if (past.user.empty()) continue;
    auto& user = by_user[past.user];
    user.first += slowdowns.back();
    ++user.second;
  }
  measures.wait = spread_of(std::move(waits));
  measures.completion = spread_of(std::move(completions));
  measures.slowdown = spread_of(std::move(slowdowns));
  if (simulated.lost > 0) measures.lost = simulated.lost;
  measures.makespan = to_seconds(simulated.end - simulated.begin);
  const Piece sum = simulated.timeline.sum();
  measures.gpu_hours_used = sum.used / 3.6e6;
  measures.gpu_hours = measures.gpu_hours_used;
  for (std::size_t i = 0; i < idle_causes; ++i) {
    measures.gpu_hours_idle[i] = sum.idle[i] / 3.6e6;
    measures.gpu_hours += measures.gpu_hours_idle[i];
  }
  measures.used_at_end = used_at_end(simulated);
  measures.fragmentation = mean_fragmentation(history, found.cluster, simulated);
  measures.fairness = fairness_of(by_user);
  add_energy_and_cost(found, simulated, measures);
  measures.backtest = backtest_of(history, simulated);
  return measures;
}

}  // namespace gangline
