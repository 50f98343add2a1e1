// A counter of the kernel or of a chip, which may wrap or start anew, as one that only grows.
#pragma once

#include <cstdint>
#include <optional>

namespace gangline {

class RunningCounter {
 public:
  /// What has been counted, with this reading. Where the counter goes back it has started anew, or,
  /// if `range` is given, passed its largest value `range`: then what was counted before is kept.
  std::uint64_t read(std::uint64_t now, std::optional<std::uint64_t> range = {}) {
    if (last_ && now < *last_) before_ += range && *last_ <= *range ? *range : *last_;
    last_ = now;
    return before_ + now;
  }

 private:
  std::uint64_t before_ = 0;
  std::optional<std::uint64_t> last_;
};

}  // namespace gangline
