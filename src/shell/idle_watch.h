// When an interactive shell has been idle for too long or comes to the end of its time, and when
// its person is told beforehand.
#pragma once

#include <optional>
#include <string>

#include "base/units.h"

namespace gangline {

class IdleWatch {
 public:
  /// `longest_idle` 0: it may be idle for as long as it likes.
  IdleWatch(Span longest_idle, Time now) : longest_(longest_idle), active_(now) {}

  /// Something was typed or shown, or a program of it worked.
  void is_active(Time now);
  /// Its time ends then; `never` without a limit.
  void ends_at(Time end, Time now);

  /// A line for the terminal, once for each warning. Empty: nothing is to be told now.
  std::string tell(Time now);
  /// It has been idle for too long.
  bool is_over(Time now) const { return longest_ > Span{0} && now - active_ >= longest_; }
  /// When to ask again at the latest; later than the last tell() while it is not over.
  Time next() const;

 private:
  Time warns_idle_at() const;

  Span longest_;
  Time active_;
  bool told_idle_ = false;
  Time end_ = never;
  Span before_end_{0};  ///< so much earlier it is told
};

}  // namespace gangline
