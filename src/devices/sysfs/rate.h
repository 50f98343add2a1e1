// How fast a counter grows, from one reading to the next.
#pragma once

#include <optional>

#include "base/units.h"

namespace gangline {

class GrowthRate {
 public:
  /// Growth in one second since the reading before. Empty: this is the first, or the counter went
  /// back. A reading that follows at once, within which a counter may not have moved yet, gives the
  /// rate found last.
  std::optional<double> read(double counter, Span at) {
    constexpr Span shortest{50'000};
    if (last_ && counter >= last_->counter && at - last_->at < shortest && at >= last_->at)
      return rate_;
    if (last_ && counter >= last_->counter && at > last_->at)
      rate_ = (counter - last_->counter) * 1e6 / static_cast<double>((at - last_->at).us);
    else rate_.reset();
    last_ = Reading{counter, at};
    return rate_;
  }
  /// The next reading is the first again.
  void forget() {
    last_.reset();
    rate_.reset();
  }

 private:
  struct Reading {
    double counter = 0;
    Span at;
  };
  std::optional<Reading> last_;
  std::optional<double> rate_;
};

}  // namespace gangline
