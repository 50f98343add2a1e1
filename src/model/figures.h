// Numbers of a service for those who watch many of them: what there is, what was counted, how long
// things took. Values only, mapped by json/; text of them is made by metrics/.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/units.h"
#include "model/event.h"

namespace gangline {

// Upper ends of the steps of histograms, in seconds; what is longer than the last is counted too.
constexpr double gang_bounds[] = {0.1, 1, 10, 60, 300, 900, 3'600, 14'400, 43'200, 86'400, 604'800};
constexpr double plan_bounds[] = {0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3};
constexpr double store_bounds[] = {0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3};

/// How many things took how long.
struct Counted {
  std::vector<std::uint64_t> counts = {};  ///< of each step alone; one more for what is longer
  double sum = 0;                          ///< seconds

  void add(double seconds, std::span<const double> bounds) {
    if (counts.size() != bounds.size() + 1) counts.resize(bounds.size() + 1);
    const auto step = std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin();
    ++counts[static_cast<std::size_t>(step)];
    sum += seconds;
  }
  bool operator==(const Counted&) const = default;
};

struct CausesCounted {
  EndCause cause = EndCause::done;
  std::uint64_t gangs = 0;
  bool operator==(const CausesCounted&) const = default;
};

/// What happened in a queue in the life of the store.
struct QueueCounted {
  std::string queue;
  std::uint64_t submitted = 0;            ///< jobs
  std::uint64_t started = 0;              ///< runs of gangs
  std::uint64_t again = 0;                ///< runs that ended, and their gangs waited again
  std::vector<CausesCounted> ended = {};  ///< gangs, by cause, as far as there were any
  Counted waits = {};                     ///< from the submit of a job to a gang's first start
  Counted runs = {};                      ///< from the start of a run to its end
  double energy_joules = 0;               ///< of gangs that were measured
  bool operator==(const QueueCounted&) const = default;
};

/// What is in a queue now.
struct QueueNow {
  std::string queue;
  std::uint64_t jobs_waiting = 0, jobs_running = 0;  ///< `running`: some gang of it has started
  std::uint64_t gangs_waiting = 0, gangs_starting = 0, gangs_running = 0;
};

/// A device and its newest reading. What is not known is empty.
struct DeviceFigures {
  DeviceId device;
  std::string node, uid, model;
  double allotted = 0;      ///< 0 to 1: shares of gangs
  std::uint32_t gangs = 0;  ///< that hold some of it
  bool foreign = false;     ///< somebody outside Gangline uses it
  std::optional<Bytes> memory = {}, memory_used = {};
  std::optional<double> busy_percent = {};
  std::optional<Watts> power = {};
  std::optional<Joules> energy = {};  ///< a counter
  std::optional<double> temperature_celsius = {};
};

struct NodeFigures {
  std::string node;
  bool up = true;
};

/// A device of a gang that runs; a gang without devices has one of these for each of its nodes.
struct RunningPlace {
  GangId gang;
  std::string name, owner, queue, node;
  std::optional<std::uint32_t> device = {};  ///< its number on the node; empty: it has none
  std::string uid = {};                      ///< of the device
};
/// A metrics store keeps a series for each of these.
constexpr std::uint32_t most_running_places = 1'000;
/// Queues that are told apart; what is in further ones is told together.
constexpr std::uint32_t most_queues_told = 200;
constexpr const char* other_queues = "(others)";

struct Figures {
  Time now;
  std::string version;
  std::uint64_t events = 0;   ///< all that were stored, which is the feed's newest number
  std::uint64_t counted = 0;  ///< up to which `queues` count; less for a while after the start
  std::vector<QueueCounted> queues;
  std::vector<QueueNow> queues_now;
  std::vector<NodeFigures> nodes;
  std::vector<DeviceFigures> devices;
  std::vector<RunningPlace> running;  ///< of the oldest jobs, at most `most_running_places`
  std::uint64_t running_left_out = 0;
  Counted plans, commits;  ///< since the service began; commits: until it was on the disk
  bool trouble = false;    ///< see ServiceStatus::trouble
  Time started;            ///< of the service
};

}  // namespace gangline
