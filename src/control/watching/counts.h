// What was counted in the life of the store, by queue, and how long planning and storing took.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "control/register.h"
#include "model/figures.h"
#include "store/store.h"

namespace gangline {

/// Counts events in the order of their numbers, each once: what is stored while it is told, what
/// was stored before by reading it. Now and then the sums are stored, so that little is to be read
/// after a start.
class Counts {
 public:
  /// Both must outlive it.
  Counts(Store& store, const Register& beliefs) : store_(store), beliefs_(beliefs) {}

  /// Reads the sums that were stored.
  void begin();
  /// These are on disk now, the last of them under the store's newest number. Before the register
  /// drops their jobs.
  void add(const std::vector<const Event*>& stored);
  /// Reads a page of what was not told. False: all is counted.
  bool catch_up();
  /// To be called before a commit: stores the sums with it where it is time to.
  void keep();

  void planned(Span took) { plans_.add(std::max(0.0, to_seconds(took)), plan_bounds); }
  void committed(Span took) { commits_.add(std::max(0.0, to_seconds(took)), store_bounds); }
  void read(NodeId node, const NodeSample& sample);

  /// Puts in what it knows; devices are there already.
  void show(Figures& figures) const;

 private:
  struct Filed {
    std::string queue;
    Time submitted;
  };
  const Filed* filed(JobId job);
  void count(const Event& event);
  QueueCounted& of(const std::string& queue);

  Store& store_;
  const Register& beliefs_;
  std::uint64_t counted_ = 0;  ///< events
  std::uint64_t kept_ = 0;     ///< of them in the sums that were stored
  std::map<std::string, QueueCounted> queues_;
  std::unordered_map<JobId, Filed> filed_;  ///< jobs that the register does not know
  Filed newest_filed_;
  Counted plans_, commits_;
  std::map<std::uint32_t, NodeSample> read_;  ///< newest by node, without processes
};

}  // namespace gangline
