// What devices did, as far as it was read: the last hour here, in short steps, and what was before
// in the store, in longer ones.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "model/cluster.h"
#include "model/follow.h"
#include "store/store.h"

namespace gangline {

/// Points of such a length are kept for so long.
struct LongStep {
  Span step, kept;
};

/// A point is the mean of all readings of a step. At most `most_reading_points` are kept of a node
/// here, 12 bytes a device each.
class ReadingsKept {
 public:
  static constexpr Span step = seconds(5);
  static constexpr std::array<LongStep, 2> long_steps{
      {{minutes(1), hours(24)}, {minutes(10), hours(24 * 30)}}};
  static constexpr Span longest_unstored = minutes(5);
  /// More are not held for a disk that is full.
  static constexpr std::size_t most_unstored = 10'000;

  struct Unstored {
    NodeId node;
    LongStep step;
    PastReadings readings;
  };

  void add(NodeId node, const NodeSample& sample);
  /// Points of the long steps are complete now, whatever is missing.
  void complete(Time now);
  const std::deque<Unstored>& unstored() const { return unstored_; }
  void are_stored() { unstored_.clear(); }
  /// What lies before it is not here; `never`: nothing is.
  Time begin_of(NodeId node) const;

  /// `before`: of what lies before `begin_of`, in order. Where there are more points than asked
  /// for, neighbours are joined to their mean. Devices by the node's numbers; ones that it does not
  /// have are left out.
  Readings between(const ReadingsQuery& query, const Node& node,
                   const std::vector<PastReadings>& before) const;

 private:
  struct Sum {
    double value = 0;
    std::uint32_t count = 0;
  };
  /// A point that is not complete.
  struct Open {
    Time since{0};  ///< 0: nothing was read
    std::vector<Sum> busy, memory, power;
  };
  struct Kept {
    std::deque<PastReadings> points;
    Open open;
    std::array<Open, long_steps.size()> long_open;
  };
  static void add_to(Open& open, const NodeSample& sample);
  static PastReadings close(Open& open, Time at);
  void put_aside(NodeId node, const LongStep& of, PastReadings readings);

  std::unordered_map<std::uint32_t, Kept> nodes_;
  std::deque<Unstored> unstored_;
};

}  // namespace gangline
