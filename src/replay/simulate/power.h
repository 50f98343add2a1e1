// How much power the devices of a cluster draw, and which starts a limit on it allows.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/allocation.h"
#include "model/cluster.h"

namespace gangline {

struct PowerLimit {
  double watts = 0;  ///< that all devices together may draw
  /// Of one device of a model, in use and idle; a model that is missing draws 0.
  std::map<std::string, double> in_use, idle;
};

/// Devices draw what their model draws in use while they are held, a share of one its part of that,
/// and else what they draw idle.
class PowerMeter {
 public:
  PowerMeter(const Cluster& cluster, const PowerLimit& limit);

  double watts() const { return watts_; }
  /// Whether an allocation draws more than the same devices idle.
  bool draws(const Allocation& where) const { return rise(where) > 0; }
  bool has_room(const Allocation& where) const { return fits(watts_ + rise(where)); }
  /// Whether it would have room if nothing else ran.
  bool can_ever(const Allocation& where) const { return fits(idle_watts_ + rise(where)); }
  void starts(const Allocation& where) { watts_ += rise(where); }
  void ends(const Allocation& where) { watts_ -= rise(where); }

 private:
  double rise(const Allocation& where) const;
  /// Sums of many watts are right to a thousandth.
  bool fits(double watts) const { return watts <= limit_ + 1e-3; }

  double limit_, idle_watts_ = 0, watts_ = 0;
  std::vector<std::vector<double>> rise_;  ///< of each device of each node, held whole
};

}  // namespace gangline
