// When plans are due under a policy that plans in rounds.
#pragma once

#include "base/units.h"

namespace gangline {

class Rounds {
 public:
  /// They begin at whole multiples of `length`, the first at `from` or after it; 0: it is always
  /// time to plan.
  Rounds(Span length, Time from) : length_(length), next_(next_round(from, length)) {}

  bool is_open(Time now) const { return length_.us <= 0 || now >= next_; }
  Time next() const { return next_; }
  /// All that was to be done in this one is done.
  void close(Time now) { next_ = next_round(now + microseconds(1), length_); }

 private:
  Span length_;
  Time next_;
};

}  // namespace gangline
