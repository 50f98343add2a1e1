// Where the bars of a chart of nodes stand: a row for each node, in it a lane for each of its
// devices or, where it has none, room for its CPUs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "replay/report/page_parts.h"

namespace gangline {

struct NodeRow {
  std::uint32_t node = 0;  ///< its number in the cluster
  double top = 0, height = 0;
  double room = 0;  ///< devices, or CPUs
  bool of_devices = true;
};

/// Part of a job on one node; the same job may have more.
struct Bar {
  std::size_t job = 0;
  std::int64_t from = 0, until = 0;  ///< on the axis, `until` after `from`
  double top = 0, height = 0;
};

struct NodeChart {
  static constexpr std::size_t most_rows = 40;

  std::vector<NodeRow> rows;
  double height = 0;
  std::vector<Bar> bars;          ///< of one job together
  std::uint64_t without_gpu = 0;  ///< jobs on these nodes that hold no device of a node with some
};

/// A stretch of a lane that bars too small to be drawn each take together.
struct Busy {
  static constexpr int levels = 4;
  int level = 1;                     ///< they take up to so many quarters of it
  std::int64_t from = 0, until = 0;  ///< on the axis
  double top = 0, height = 0;
};
/// `bars`: of this chart. `columns`: into how many the axis is cut for it, at most.
std::vector<Busy> busy_lanes(const NodeChart& chart, const std::vector<Bar>& bars,
                             std::size_t columns);

/// Of the nodes, all or `most_rows` evenly among them.
NodeChart node_chart(const PageScene& scene, const PolicyRun& run, std::size_t most_rows);

}  // namespace gangline
