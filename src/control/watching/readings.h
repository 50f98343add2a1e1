// What devices did in the last hour, as far as it was read.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "model/cluster.h"
#include "model/follow.h"

namespace gangline {

/// A point is the mean of all readings of `step`. At most `most_reading_points` are kept of a node,
/// 12 bytes a device each.
class ReadingsKept {
 public:
  static constexpr Span step = seconds(5);

  void add(NodeId node, const NodeSample& sample);
  /// Where there are more points than asked for, neighbours are joined to their mean. Devices by
  /// the node's numbers; ones that it does not have are left out.
  Readings between(const ReadingsQuery& query, const Node& node) const;

 private:
  struct Reading {
    float busy, memory, power;  // NaN: not known
  };
  struct Point {
    Time at;
    std::vector<Reading> devices;
  };
  struct Sum {
    double value = 0;
    std::uint32_t count = 0;
  };
  struct Kept {
    std::deque<Point> points;
    Time since{0};  // of the point that is not complete
    std::vector<Sum> busy, memory, power;
  };
  static void close(Kept& kept, Time at);

  std::unordered_map<std::uint32_t, Kept> nodes_;
};

}  // namespace gangline
