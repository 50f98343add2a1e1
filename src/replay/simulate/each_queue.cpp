#include "replay/simulate/each_queue.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"

namespace gangline {
namespace {

/// One queue's jobs and nodes, and where these stand in the whole.
struct Division {
  History history;
  Cluster cluster;
  std::vector<std::size_t> jobs;
  std::vector<std::uint32_t> nodes;
};

std::map<std::string, Division> divide(const History& history, const FoundCluster& found) {
  std::map<std::string, Division> divisions;
  for (std::uint32_t n = 0; n < found.cluster.nodes.size(); ++n) {
    if (n >= found.queues.size() || found.queues[n].empty()) continue;
    Division& division = divisions[found.queues[n]];
    division.cluster.nodes.push_back(found.cluster.nodes[n]);
    division.nodes.push_back(n);
  }
  for (std::size_t i = 0; i < history.jobs.size(); ++i) {
    const auto of = divisions.find(history.jobs[i].queue);
    if (of == divisions.end()) continue;
    of->second.history.jobs.push_back(history.jobs[i]);
    of->second.jobs.push_back(i);
  }
  for (auto& [name, division] : divisions) division.history.usual = history.usual;
  return divisions;
}

std::shared_ptr<const Allocation> in_the_whole(const Allocation& where, const Division& division) {
  Allocation moved = where;
  for (NodePart& part : moved.parts) part.node = {division.nodes[part.node.n]};
  return std::make_shared<const Allocation>(std::move(moved));
}

SimulationSettings settings_for(const Division& division, const SimulationSettings& whole,
                                double done, std::size_t all) {
  SimulationSettings own = whole;
  for (Outage& outage : own.outages) {
    std::vector<std::uint32_t> nodes;
    for (std::uint32_t n = 0; n < division.nodes.size(); ++n)
      if (std::find(outage.nodes.begin(), outage.nodes.end(), division.nodes[n]) !=
          outage.nodes.end())
        nodes.push_back(n);
    outage.nodes = std::move(nodes);
  }
  if (whole.progress) {
    const double weight = static_cast<double>(division.jobs.size()) /
                          static_cast<double>(std::max<std::size_t>(1, all));
    own.progress = [&whole, done, weight](double part) {
      return whole.progress(done + weight * part);
    };
  }
  return own;
}

double capacity_of(const Cluster& cluster) {
  double sum = 0;
  for (const Node& node : cluster.nodes)
    for (const Device& device : node.devices)
      if (node.up && device.allottable) sum += whole_device.thousandths;
  return sum;
}

void add(const Simulated& part, const Division& division, Simulated& sum) {
  for (std::size_t i = 0; i < division.jobs.size(); ++i) {
    SimulatedJob job = part.jobs[i];
    if (job.where != nullptr) job.where = in_the_whole(*job.where, division);
    sum.jobs[division.jobs[i]] = std::move(job);
  }
  sum.plans += part.plans;
  sum.promises += part.promises;
  sum.given_up += part.given_up;
  sum.lost += part.lost;
  sum.stopped = sum.stopped || part.stopped;
}

Error nothing_to_run() {
  return {ErrorKind::usage, "no node of the cluster is of a queue that has jobs", "--each-queue",
          "say in the cluster file whose nodes they are: queue = \"night\" below [[node]]"};
}

}  // namespace

std::vector<std::string> queues_without_nodes(const History& history, const FoundCluster& found) {
  std::set<std::string> queues;
  for (const PastJob& job : history.jobs) queues.insert(job.queue);
  // A node that is nobody's serves nobody here, so jobs that name no queue have none either.
  for (const std::string& queue : found.queues)
    if (!queue.empty()) queues.erase(queue);
  return {queues.begin(), queues.end()};
}

Result<Simulated> simulate_each_queue(const History& history, const FoundCluster& found,
                                      const SimulationSettings& settings) {
  if (settings.power)
    return Error{ErrorKind::usage, "a limit on power is of all queues together", "--each-queue",
                 "leave one of the two out"};
  const auto divisions = divide(history, found);
  Simulated sum;
  sum.jobs.resize(history.jobs.size());
  for (SimulatedJob& job : sum.jobs) job.lot = Lot::hopeless;
  std::vector<Simulated> parts;
  std::size_t done = 0;
  for (const auto& [name, division] : divisions) {
    if (division.jobs.empty()) continue;
    const double done_part = static_cast<double>(done) / static_cast<double>(history.jobs.size());
    auto part = simulate(division.history, division.cluster,
                         settings_for(division, settings, done_part, history.jobs.size()));
    if (!part) {
      Error error = part.error();
      error.what += " (queue '" + printable(name) + "')";
      return error;
    }
    add(*part, division, sum);
    done += division.jobs.size();
    parts.push_back(std::move(*part));
    if (sum.stopped) return sum;
  }
  if (parts.empty()) return nothing_to_run();
  sum.begin = history.jobs.front().submitted;
  sum.end = history.jobs.back().submitted;
  for (const Simulated& part : parts) sum.end = std::max(sum.end, part.end);
  sum.timeline = Timeline(sum.begin, parts.front().timeline.width(), capacity_of(found.cluster));
  sum.timeline.set(sum.begin, {});
  sum.timeline.set(sum.end, {});
  for (const Simulated& part : parts) sum.timeline.put_in(part.timeline);
  return sum;
}

}  // namespace gangline
