// What the readings of devices say of the gangs that hold them: the energy that went into the
// devices, and how busy these were.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "model/allocation.h"
#include "model/event.h"

namespace gangline {

/// Gangs that begin and end are told, and each reading of a node. Between two readings of a device
/// at s and t, whoever held a share of it for a part of that time is given
///   energy = (counter(t) - counter(s)) * share * part / (t - s),
/// or, where there is no counter or it went back, the mean of both powers times share and part.
/// Busy is what the reading at t says, weighted by the time that it stands for. A reading covers no
/// more than `longest_gap`.
class Meter {
 public:
  static constexpr Span longest_gap = minutes(5);
  /// Shorter runs are not measured: it would be more guess than reading.
  static constexpr Span shortest_run = seconds(1);
  /// A gang that has ended waits so long for the reading that comes after its end.
  static constexpr Span longest_wait = seconds(30);

  /// Gangs that hold no device are not measured.
  void begin(GangId gang, std::uint32_t attempt, std::shared_ptr<const Allocation> allocation,
             Time started);
  void end(GangId gang, Time at);
  void read(NodeId node, const NodeSample& sample);
  /// Of gangs that have ended, once they are read to their end or have waited long enough.
  std::vector<GangMeasured> take(Time now);
  /// Somebody's end waits for a reading.
  bool waits_for_reading() const;

 private:
  struct Held {
    NodeId node;
    std::uint32_t device = 0;
    double share = 0;  // of the whole
  };
  struct Metered {
    std::uint32_t attempt = 1;
    std::vector<Held> held;
    Time started;
    Time ended = never;
    Time read_to;
    double joules = 0;
    bool energy_known = false;
    double busy_us = 0;     // percent times microseconds, over all devices
    double busy_of_us = 0;  // that this is of
    Span read{0};           // of its run, by readings of its first device
  };

  void read_gang(Metered& gang, NodeId node, const NodeSample& before, const NodeSample& now);

  std::unordered_map<GangId, Metered> gangs_;
  std::unordered_map<std::uint32_t, NodeSample> newest_;  // by node
};

}  // namespace gangline
