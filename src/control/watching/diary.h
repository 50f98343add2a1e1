// What a service did and how long it took, for whoever looks for what is slow.
#pragma once

#include <cstdint>

#include "base/units.h"
#include "model/follow.h"

namespace gangline {

/// One cycle of the controller that had something to do, by its steps.
struct CycleTrace {
  std::uint64_t number = 0;  ///< in this life of the service
  Time at;
  Span learn{0}, accept{0}, plan{0}, carry_out{0}, tell{0};
  std::uint64_t first_event = 0, last_event = 0;  ///< stored by it; 0: none
  std::uint32_t starts = 0;
};

class Diary {
 public:
  virtual ~Diary() = default;
  virtual void cycle(const CycleTrace& trace) = 0;
  /// It is on disk.
  virtual void event(const FeedEntry& entry) = 0;
};

}  // namespace gangline
