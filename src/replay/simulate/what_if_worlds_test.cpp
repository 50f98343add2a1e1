// What no what-if may break, in random worlds: all is run that can be, no device is held by more
// than it has room for, nothing runs on a node that is down, no more power is drawn than allowed.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "replay/simulate/random_world.h"
#include "replay/simulate/simulation.h"

namespace gangline {
namespace {

struct Use {
  Time at;
  double thousandths = 0;
  bool operator<(const Use& other) const {
    return at != other.at ? at < other.at : thousandths < other.thousandths;
  }
};

/// The most that is held at one time; what ends frees it for what starts then.
double peak_of(std::vector<Use> uses) {
  std::sort(uses.begin(), uses.end());
  double now = 0, peak = 0;
  for (const Use& use : uses) peak = std::max(peak, now += use.thousandths);
  return peak;
}

struct Chances {
  explicit Chances(std::uint64_t seed) : random(seed + 1'000'000) {}
  std::uint32_t from(std::uint64_t low, std::uint64_t high) {
    return static_cast<std::uint32_t>(low + random() % (high - low + 1));
  }
  std::mt19937_64 random;
};

SimulationSettings some_what_if(const RandomWorld& world, Chances& chances) {
  SimulationSettings settings;
  for (std::uint32_t i = chances.from(0, 3); i > 0; --i) {
    Outage outage;
    outage.from = Time{} + seconds(chances.from(0, 6'000));
    outage.until = outage.from + seconds(chances.from(1, 1'000));
    outage.drain = seconds(chances.from(0, 1) * chances.from(0, 1'000));
    for (std::uint32_t n = 0; n < world.cluster.nodes.size(); ++n)
      if (chances.from(0, 1) == 0) outage.nodes.push_back(n);
    settings.outages.push_back(outage);
  }
  if (chances.from(0, 1) == 0) return settings;
  std::size_t devices = 0;
  for (const Node& node : world.cluster.nodes) devices += node.devices.size();
  const double idle = 50.0 * static_cast<double>(devices);
  settings.power = PowerLimit{idle + 300.0 * chances.from(1, 12),
                              {{"A100", 350}, {"V100", 250}},
                              {{"A100", 50}, {"V100", 50}}};
  return settings;
}

/// What one run uses, and that its nodes are up.
void note(const Stint& run, const SimulationSettings& settings, const RandomWorld& world,
          std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<Use>>& by_device,
          std::vector<Use>& watts) {
  for (const NodePart& part : run.where->parts) {
    for (const Outage& outage : settings.outages) {
      const bool down =
          std::find(outage.nodes.begin(), outage.nodes.end(), part.node.n) != outage.nodes.end();
      const bool apart = run.ended <= outage.from || run.started >= outage.until;
      EXPECT_TRUE(!down || apart) << "something runs on a node that is down";
    }
    for (const TaskPlace& task : part.tasks)
      for (const DeviceShare& share : task.devices) {
        const double held = share.share.thousandths;
        const Device& device = world.cluster.nodes[part.node.n].devices[share.device];
        auto& uses = by_device[{part.node.n, share.device}];
        const double rise = (device.model == "A100" ? 300 : 200) * held;
        uses.push_back({run.started, held}), uses.push_back({run.ended, -held});
        watts.push_back({run.started, rise}), watts.push_back({run.ended, -rise});
      }
  }
}

void expect_sound(const RandomWorld& world, const SimulationSettings& settings,
                  const Simulated& simulated) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<Use>> by_device;
  std::vector<Use> watts;
  for (std::size_t i = 0; i < simulated.jobs.size(); ++i) {
    const SimulatedJob& job = simulated.jobs[i];
    ASSERT_TRUE(job.lot == Lot::ended || job.lot == Lot::hopeless) << "job " << i;
    if (job.lot == Lot::hopeless) continue;
    Span done{0};
    for (const Stint& run : runs_of(job, never)) {
      const Span length = run.ended - run.started;
      // What was stopped for others goes on from there, what was lost with its node begins anew.
      if (run.keeps_work || run.ended == job.ended) done = done + length;
      note(run, settings, world, by_device, watts);
    }
    EXPECT_EQ(done, world.history.jobs[i].run) << "job " << i << " does its work once";
  }
  for (const auto& [device, uses] : by_device) EXPECT_LE(peak_of(uses), 1'000);
  if (!settings.power) return;
  const double idle = 50.0 * simulated.timeline.capacity() / 1'000;
  EXPECT_LE(idle + peak_of(watts) / 1'000, settings.power->watts + 1e-3);
}

TEST(WhatIfWorlds, NoneBreaksWhatHoldsOfEverySimulation) {
  const std::uint64_t first = told_by("SEED", 1), worlds = told_by("WORLDS", 10);
  std::uint64_t lost = 0;
  for (std::uint64_t seed = first; seed < first + worlds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("SEED=" + std::to_string(seed));
    const RandomWorld world = random_world(seed);
    Chances chances(seed);
    SimulationSettings settings = some_what_if(world, chances);
    for (const Policy& policy : policies()) {
      SCOPED_TRACE(policy.name);
      settings.policy = policy;
      const auto simulated = simulate(world.history, world.cluster, settings);
      ASSERT_TRUE(simulated.ok());
      expect_sound(world, settings, *simulated);
      lost += simulated->lost;
    }
  }
  EXPECT_GT(lost, 0u);
}

}  // namespace
}  // namespace gangline
