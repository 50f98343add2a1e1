// When plans are due under a policy that plans in rounds.
#pragma once

#include <optional>

#include "base/units.h"

namespace gangline {

/// A round begins at a whole multiple of `length` and goes on until it is closed. With 0 it is
/// always time to plan.
class Rounds {
 public:
  explicit Rounds(Span length) : length_(length) {}

  /// Somebody wants a plan now: true if a round is open, else one begins at `next`.
  bool ask(Time now) {
    if (!next_) next_ = next_round(now, length_);
    return now >= *next_;
  }
  /// When the one begins that was asked for, or began; empty: none was asked for.
  std::optional<Time> next() const { return next_; }
  void close() { next_.reset(); }

 private:
  Span length_;
  std::optional<Time> next_;
};

}  // namespace gangline
