// What happened somewhere: jobs with their true run times, as a log of another system or Gangline's
// own store tells them. The same for all readers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "model/cluster.h"
#include "model/resources.h"
#include "model/usual.h"

namespace gangline {

struct PastJob {
  std::string id;     ///< as the file names it
  std::string name;   ///< empty: unknown
  std::string user;   ///< empty: unknown
  std::string queue;  ///< queue, partition or virtual cluster; empty: unknown
  Time submitted;
  std::shared_ptr<const ResourceRequest> request;  ///< never null; equal ones are one
  std::optional<Span> limit;                       ///< what its user said it may run at most
  Span run{0};                                     ///< how long it ran, on what it got
  std::uint32_t alternative = 0;                   ///< which of its request's that was
  std::optional<double> work;   ///< where no run time is told: its steps; `run` is then 0
  std::optional<Time> started;  ///< recorded by the system that ran it
  std::optional<Time> ended;
  std::vector<std::string> nodes;  ///< where it ran; empty: unknown
  std::int32_t priority = 0;
};

/// What of a file could not be used. A strange field leaves out its line, never the rest.
struct LeftOut {
  static constexpr std::size_t most_examples = 20;
  struct Example {
    std::uint64_t line = 0;  ///< from 1; of formats without lines: the number of the entry
    std::string why;         ///< "field 4 (run time) is 'abc', which is no number"
  };
  std::uint64_t count = 0;
  std::map<std::string, std::uint64_t> by_reason;  ///< short reason: "the run time is no number"
  std::vector<Example> examples;                   ///< the first ones
};

struct History {
  std::vector<PastJob> jobs;  ///< by time of submission; equal times in the order of the file
  std::uint64_t entries = 0;  ///< lines or objects that should each be a job: jobs + left_out.count
  LeftOut left_out;
  std::vector<std::string> notes;  ///< what was assumed: "no time limits in this format"
  /// What its users usually asked for, where these jobs are drawn from more; empty: what these do.
  std::vector<UsualTask> usual;
};

/// The machines of a file.
struct FoundCluster {
  Cluster cluster;
  std::vector<std::string> queues;  ///< of each node: whose alone it is; or empty
  LeftOut left_out;
  std::vector<std::string> notes;
  std::map<std::string, double> watts;          ///< of one device of a model, under load
  std::map<std::string, double> watts_idle;     ///< the same, idle
  std::map<std::string, double> price_an_hour;  ///< of one device of a model
};

}  // namespace gangline
