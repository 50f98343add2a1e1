// Who of those with unknown ends is likeliest to end soon for the work it takes.
#pragma once

#include <vector>

#include "base/units.h"

namespace gangline {

/// The Gittins index of a gang that has had service a, where it is drawn from a known distribution
/// of work S and served for a quantum d at a time:
///   P(S - a <= d | S > a) / E[S if S - a <= d, else d | S > a]
/// This is how the simulator of Gu et al., "Tiresias", NSDI'19, reckons it; section 3.2 of the
/// paper has min(S - a, d) below the line, and the largest over all d.
class Gittins {
 public:
  /// No distribution is known: all are equal.
  Gittins() = default;
  /// Each an amount of work that was seen; in any order.
  Gittins(std::vector<Span> work, Span quantum);

  /// Ends a second of work; 0 where more was served than was ever seen.
  double index(Span served) const;

 private:
  std::vector<Span> work_;     // ascending
  std::vector<double> index_;  // of those that are just about to reach work_[i]
};

}  // namespace gangline
