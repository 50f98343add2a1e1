#include "replay/report/page_bars.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "replay/report/page_use.h"

namespace gangline {
namespace {

constexpr double row_height = 24, gap = 3;           // pixels
constexpr double roomy_row = 48, roomy_chart = 480;  // where there are few
constexpr double least_lane = 2, most_lane = 12;
constexpr std::size_t most_side_by_side = 128;  // jobs that share a device or the CPUs of a node

/// Who holds which part of something that several share, at one time.
class SharedRoom {
 public:
  /// The lowest place with so much room from `start` on; 0 where there is none. Starts ascend.
  double put(Time start, Time end, double size, double room) {
    std::erase_if(held_, [&](const Held& held) { return held.end <= start; });
    double from = 0;
    auto place = held_.begin();
    for (; place != held_.end() && place->from < from + size - tiny; ++place)
      from = std::max(from, place->from + place->size);
    if (from + size > room + tiny || held_.size() >= most_side_by_side) return 0;
    held_.insert(place, {end, from, size});
    return from;
  }

 private:
  static constexpr double tiny = 1e-6;
  struct Held {
    Time end;
    double from = 0, size = 0;
  };
  std::vector<Held> held_;  ///< by `from`
};

double row_height_for(double room, double wanted) {
  const double lane = std::clamp(std::round(wanted / std::max(1.0, room)), least_lane, most_lane);
  return std::min(lane * std::max(1.0, room), 2 * wanted);
}

std::vector<NodeRow> rows_of(const Cluster& cluster, std::size_t most) {
  const std::size_t count = std::min(most, cluster.nodes.size());
  const double wanted = std::clamp(
      roomy_chart / static_cast<double>(std::max<std::size_t>(1, count)), row_height, roomy_row);
  std::vector<NodeRow> rows;
  double top = 0;
  for (std::size_t i = 0; i < count; ++i) {
    NodeRow row;
    row.node = static_cast<std::uint32_t>(i * cluster.nodes.size() / count);
    const Node& node = cluster.nodes[row.node];
    row.of_devices = !node.devices.empty();
    row.room = row.of_devices ? static_cast<double>(node.devices.size())
                              : std::max(1.0, cpus_of(node).thousandths / 1000.0);
    row.top = top;
    row.height = row.of_devices ? row_height_for(row.room, wanted)
                 : row.room > 1 ? row_height
                                : most_lane;
    top += row.height + gap;
    rows.push_back(row);
  }
  return rows;
}

class Drawing {
 public:
  Drawing(const PageScene& scene, const PolicyRun& run, std::size_t most_rows)
      : scene_(scene), run_(run) {
    chart_.rows = rows_of(run.cluster.cluster, most_rows);
    for (std::size_t r = 0; r < chart_.rows.size(); ++r) row_of_[chart_.rows[r].node] = r;
    if (!chart_.rows.empty()) chart_.height = chart_.rows.back().top + chart_.rows.back().height;
  }

  NodeChart draw() {
    std::vector<std::pair<std::size_t, Stint>> order;
    for (std::size_t i = 0; i < scene_.jobs_of(run_); ++i)
      for (Stint& run : runs_of(run_.simulated.jobs[i], run_.simulated.end))
        order.emplace_back(i, std::move(run));
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
      return a.second.started < b.second.started;
    });
    for (const auto& [job, run] : order) draw_run(job, run);
    chart_.without_gpu = beside_.size();
    std::stable_sort(chart_.bars.begin(), chart_.bars.end(),
                     [](const Bar& a, const Bar& b) { return a.job < b.job; });
    return std::move(chart_);
  }

 private:
  struct Piece {
    double from = 0, size = 0;  // of a row's room
  };

  void draw_run(std::size_t job, const Stint& run) {
    bool any_on_device = false, any_beside = false;
    for (const NodePart& part : run.where->parts) {
      const auto row = row_of_.find(part.node.n);
      if (row == row_of_.end()) continue;
      const std::vector<Piece> pieces = pieces_of(run, part, row->second);
      (pieces.empty() ? any_beside : any_on_device) = true;
      for (const Piece& piece : pieces) add(job, run, chart_.rows[row->second], piece);
    }
    if (any_beside && !any_on_device) beside_.insert(job);
  }

  /// What it holds of a row; neighbours in one piece.
  std::vector<Piece> pieces_of(const Stint& run, const NodePart& part, std::size_t r) {
    const NodeRow& row = chart_.rows[r];
    std::vector<Piece> pieces;
    double cpus = 0;
    for (const TaskPlace& task : part.tasks) {
      cpus += cpus_of(task).thousandths / 1000.0;
      for (const DeviceShare& held : task.devices) {
        const double size = held.share.thousandths / 1000.0;
        const double inside = held.share == whole_device
                                  ? 0
                                  : shared_[{r, held.device}].put(run.started, run.ended, size, 1);
        pieces.push_back({held.device + inside, size});
      }
    }
    if (!row.of_devices)
      pieces.push_back({shared_[{r, 0}].put(run.started, run.ended, cpus, row.room), cpus});
    return joined(std::move(pieces));
  }

  static std::vector<Piece> joined(std::vector<Piece> pieces) {
    std::sort(pieces.begin(), pieces.end(),
              [](const Piece& a, const Piece& b) { return a.from < b.from; });
    std::vector<Piece> joined;
    for (const Piece& piece : pieces) {
      const bool next = !joined.empty() && joined.back().from + joined.back().size >= piece.from;
      if (next) joined.back().size = piece.from + piece.size - joined.back().from;
      else joined.push_back(piece);
    }
    return joined;
  }

  void add(std::size_t job, const Stint& run, const NodeRow& row, const Piece& piece) {
    const std::int64_t from = scene_.axis.at(run.started);
    const std::int64_t until = scene_.axis.at(run.ended);
    const double scale = row.height / row.room;
    const double top = std::min(piece.from * scale, row.height);
    chart_.bars.push_back({job, from, std::max(from + 1, until), row.top + top,
                           std::min(piece.size * scale, row.height - top)});
  }

  const PageScene& scene_;
  const PolicyRun& run_;
  NodeChart chart_;
  std::set<std::size_t> beside_;  // jobs that hold no device of a node with some
  std::map<std::uint32_t, std::size_t> row_of_;
  std::map<std::pair<std::size_t, std::uint32_t>, SharedRoom> shared_;
};

}  // namespace

std::vector<Busy> busy_lanes(const NodeChart& chart, const std::vector<Bar>& bars,
                             std::size_t columns) {
  constexpr double least_seen = 0.01;
  const Columns none(Time{0}, Time{TimeAxis::units}, columns);
  std::map<std::pair<std::size_t, std::size_t>, Columns> lanes;  // by row, and lane in it
  const auto height_of = [](const NodeRow& row) {
    return row.of_devices ? row.height / row.room : row.height;
  };
  for (const Bar& bar : bars) {
    const auto after =
        std::upper_bound(chart.rows.begin(), chart.rows.end(), bar.top + bar.height / 2,
                         [](double top, const NodeRow& row) { return top < row.top; });
    if (after == chart.rows.begin()) continue;
    const auto r = static_cast<std::size_t>(after - chart.rows.begin()) - 1;
    const double height = height_of(chart.rows[r]), top = bar.top - chart.rows[r].top;
    for (auto lane = static_cast<std::size_t>(std::max(0.0, top / height));; ++lane) {
      const double from = static_cast<double>(lane) * height;
      const double inside = std::min(from + height, top + bar.height) - std::max(from, top);
      if (inside <= height * least_seen && from >= top) break;
      if (inside > 0)
        lanes.try_emplace({r, lane}, none)
            .first->second.add(Time{bar.from}, Time{bar.until}, inside / height);
    }
  }
  std::vector<Busy> busy;
  for (const auto& [place, taken] : lanes) {
    const NodeRow& row = chart.rows[place.first];
    const double height = height_of(row);
    const double top = row.top + static_cast<double>(place.second) * height;
    const std::vector<double> parts = taken.means();
    for (std::size_t c = 0; c < parts.size(); ++c) {
      if (parts[c] < least_seen) continue;
      const int level =
          std::clamp(static_cast<int>(std::ceil(parts[c] * Busy::levels - 1e-6)), 1, Busy::levels);
      const std::int64_t from = static_cast<std::int64_t>(c) * taken.width().us;
      const std::int64_t until = std::min(TimeAxis::units, from + taken.width().us);
      if (!busy.empty() && busy.back().top == top && busy.back().level == level &&
          busy.back().until == from)
        busy.back().until = until;
      else busy.push_back({level, from, until, top, height});
    }
  }
  return busy;
}

NodeChart node_chart(const PageScene& scene, const PolicyRun& run, std::size_t most_rows) {
  return Drawing(scene, run, most_rows).draw();
}

}  // namespace gangline
