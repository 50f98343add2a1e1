// Numbers of gangs as ranges: ten thousand turns that follow each other are one entry.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace gangline {

/// Numbers begin .. end - 1.
struct Range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool operator==(const Range&) const = default;
};

class RangeSet {
 public:
  bool empty() const { return ranges_.empty(); }
  const std::vector<Range>& ranges() const { return ranges_; }
  /// The lowest number; only where the set is not empty.
  std::uint32_t first() const { return ranges_.front().begin; }

  bool has(std::uint32_t n) const {
    for (const Range& r : ranges_)
      if (n >= r.begin && n < r.end) return true;
    return false;
  }

  std::uint64_t count() const {
    std::uint64_t n = 0;
    for (const Range& r : ranges_) n += r.end - r.begin;
    return n;
  }

  void add(Range range) {
    if (range.begin >= range.end) return;
    std::vector<Range> kept;
    for (const Range& r : ranges_) {
      if (r.end < range.begin || r.begin > range.end) {
        kept.push_back(r);
      } else {
        range = {std::min(range.begin, r.begin), std::max(range.end, r.end)};
      }
    }
    kept.insert(std::find_if(kept.begin(), kept.end(),
                             [&](const Range& r) { return r.begin > range.begin; }),
                range);
    ranges_ = std::move(kept);
  }

  /// Those of `range` that are in the set.
  std::vector<Range> within(Range range) const {
    std::vector<Range> found;
    for (const Range& r : ranges_) {
      const Range both{std::max(range.begin, r.begin), std::min(range.end, r.end)};
      if (both.begin < both.end) found.push_back(both);
    }
    return found;
  }

  /// Those of `range` that are not in the set.
  std::vector<Range> missing(Range range) const {
    std::vector<Range> found;
    for (const Range& r : within(range)) {
      if (range.begin < r.begin) found.push_back({range.begin, r.begin});
      range.begin = r.end;
    }
    if (range.begin < range.end) found.push_back(range);
    return found;
  }

  void remove(Range range) {
    if (range.begin >= range.end) return;
    // The next turn is nearly always the one in front.
    if (!ranges_.empty() && ranges_.front().begin == range.begin &&
        ranges_.front().end > range.end) {
      ranges_.front().begin = range.end;
      return;
    }
    std::vector<Range> kept;
    for (const Range& r : ranges_) {
      if (r.begin < range.begin) kept.push_back({r.begin, std::min(r.end, range.begin)});
      if (r.end > range.end) kept.push_back({std::max(r.begin, range.end), r.end});
    }
    ranges_ = std::move(kept);
  }

 private:
  std::vector<Range> ranges_;  // ascending, none touches the next
};

}  // namespace gangline
