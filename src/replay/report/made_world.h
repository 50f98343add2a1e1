// Simulations made by hand, for the tests of what is told of them.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "replay/history.h"
#include "replay/report/measures.h"

namespace gangline {

/// A job of some GPUs or CPUs of one node, in seconds since the world's begin.
struct MadeJob {
  std::string id = "1", user = "ann";
  double gpus = 1;  ///< a part of one, several whole, or none
  std::uint32_t cpus = 1;
  std::int64_t submitted = 0;
  std::optional<std::int64_t> started, ended;
  std::uint32_t node = 0, device = 0;  ///< where its first GPU is
  std::optional<std::int64_t> truly_started;
  Lot lot = Lot::ended;
};

class MadeWorld {
 public:
  static constexpr Time begin{1'767'600'000'000'000};  // 2026-01-05T08:00:00Z

  MadeWorld(std::uint32_t nodes, std::uint32_t gpus) {
    for (std::uint32_t n = 0; n < nodes; ++n) {
      Node node;
      node.name = "n" + std::to_string(n);
      node.counted = whole_cpus(8);
      for (std::uint32_t d = 0; d < gpus; ++d) {
        Device device;
        device.model = "A100";
        device.uid = node.name + "-" + std::to_string(d);
        node.devices.push_back(device);
      }
      found.cluster.nodes.push_back(node);
    }
  }

  MadeWorld& add(const MadeJob& made) {
    const auto count = static_cast<std::uint32_t>(std::ceil(made.gpus));
    const Share share{made.gpus < 1 ? static_cast<std::int32_t>(made.gpus * 1000) : 1000};
    TaskRequest task;
    task.cpus = whole_cpus(made.cpus);
    if (count > 0) {
      task.devices = DeviceRequest{};
      task.devices->count = count;
      task.devices->share = share;
    }
    PastJob past;
    past.id = made.id;
    past.user = made.user;
    past.submitted = begin + seconds(made.submitted);
    past.request = std::make_shared<const ResourceRequest>(ResourceRequest{1, {task}});
    if (made.truly_started) past.started = begin + seconds(*made.truly_started);
    history.jobs.push_back(past);

    SimulatedJob job;
    job.lot = made.lot;
    if (made.ended) job.ended = begin + seconds(*made.ended);
    if (made.started) {
      job.started = begin + seconds(*made.started);
      TaskPlace place;
      place.counted = whole_cpus(made.cpus);
      for (std::uint32_t d = 0; d < count; ++d) place.devices.push_back({made.device + d, share});
      job.where = std::make_shared<const Allocation>(
          Allocation{0, {NodePart{NodeId{made.node}, {std::move(place)}}}});
    }
    simulated_.jobs.push_back(job);
    return *this;
  }

  /// What the jobs come to until then; GPUs that lie idle while one waits do so for `idle`.
  PolicyRun run(const std::string& name, std::int64_t until,
                IdleBecause idle = IdleBecause::too_few) const {
    PolicyRun run = bare_run(name, until);
    run.simulated.timeline = timeline(until, idle);
    run.measures = measure(history, found, run.simulated);
    return run;
  }

  /// Without measures and timeline, which take long in a large world.
  PolicyRun bare_run(const std::string& name, std::int64_t until) const {
    PolicyRun run;
    run.name = name;
    run.cluster = found;
    run.simulated = simulated_;
    run.simulated.begin = begin;
    run.simulated.end = begin + seconds(until);
    return run;
  }

  History history;
  FoundCluster found;

 private:
  Timeline timeline(std::int64_t until, IdleBecause idle) const {
    double capacity = 0;
    for (const Node& node : found.cluster.nodes)
      capacity += 1000.0 * static_cast<double>(node.devices.size());
    std::set<Time> times{begin, begin + seconds(until)};
    for (std::size_t i = 0; i < simulated_.jobs.size(); ++i) {
      times.insert(history.jobs[i].submitted);
      for (const auto& time : {simulated_.jobs[i].started, simulated_.jobs[i].ended})
        if (time) times.insert(*time);
    }
    Timeline timeline(begin, {std::max<std::int64_t>(1, seconds(until).us / 1'000)}, capacity);
    for (const Time at : times) timeline.set(at, state_at(at, idle));
    return timeline;
  }

  Timeline::Now state_at(Time at, IdleBecause idle) const {
    Timeline::Now now;
    for (std::size_t i = 0; i < simulated_.jobs.size(); ++i) {
      const SimulatedJob& job = simulated_.jobs[i];
      const auto& asks = history.jobs[i].request->alternatives[0].devices;
      const double size = asks ? 1.0 * asks->count * asks->share.thousandths : 0;
      if (job.lot == Lot::hopeless || history.jobs[i].submitted > at) continue;
      if (!job.started || *job.started > at) ++now.waiting_gangs, now.waiting_devices += size;
      else if (!job.ended || *job.ended > at) now.used += size;
    }
    now.idle = now.waiting_gangs > 0 ? idle : IdleBecause::nothing_asked;
    return now;
  }

  Simulated simulated_;
};

}  // namespace gangline
