#include <algorithm>

#include "base/text.h"
#include "tui/draw_parts.h"

namespace gangline {
namespace {

constexpr int names_width = 10;

struct Axis {
  Time from, until;
  int at = 0, columns = 0;

  int column_of(Time time) const {
    if (time <= from) return at;
    if (time >= until) return at + columns;
    const double part = to_seconds(time - from) / to_seconds(until - from);
    return at + static_cast<int>(part * columns);
  }
};

struct BarLook {
  const char* fill;
  Style style;
};

BarLook look_of(const TimeBar& bar) {
  if (bar.phase == GangPhase::waiting) return {"░", Style::ahead};
  if (bar.phase != GangPhase::ended) return {"█", Style::good};
  const bool badly = bar.cause && *bar.cause != EndCause::done && *bar.cause != EndCause::stopped;
  return {"▒", badly ? Style::bad : Style::faint};
}

void draw_bar(Grid& grid, int row, const Axis& axis, const TimeBar& bar, Time now) {
  // Nobody knows when what has no time limit ends: it is drawn until now.
  const Time until = bar.until
                         ? std::max(*bar.until, bar.phase == GangPhase::running ? now : Time{0})
                     : bar.phase == GangPhase::ended ? bar.from
                                                     : std::max(now, bar.from);
  const int first = axis.column_of(bar.from);
  const int end = std::max(first + 1, axis.column_of(until));
  if (bar.from >= axis.until || until < axis.from) return;
  const BarLook look = look_of(bar);
  const int now_at = axis.column_of(now);
  for (int column = first; column < std::min(end, axis.at + axis.columns); ++column) {
    const bool not_yet = bar.phase == GangPhase::running && column > now_at;
    grid.put(row, column, not_yet ? "▒" : look.fill, look.style, 1);
  }
  const std::string label = format(bar.gang.job) + " " + bar.name;
  if (end - first >= 4) grid.put(row, first + 1, label, look.style, end - first - 2);
}

void draw_axis(Grid& grid, const Axis& axis, Time now) {
  const int row = rows_above_list - 1;
  grid.put(row, 0, "DEVICE", Style::strong, names_width);
  constexpr int tick_every = 14, tick_width = 6, now_width = 3;
  const int now_at = axis.column_of(now) - axis.at;
  const bool shows_now = now_at + now_width <= axis.columns;
  for (int column = 0; column + tick_width <= axis.columns; column += tick_every) {
    // Where it would touch "now" it stands behind that, with the time of its new place.
    if (shows_now && column + tick_width >= now_at && column <= now_at + now_width) {
      column = now_at + now_width + 1;
      if (column + tick_width > axis.columns) break;
    }
    const double part = static_cast<double>(column) / axis.columns;
    const Time at{axis.from.us + static_cast<std::int64_t>(
                                     part * static_cast<double>((axis.until - axis.from).us))};
    grid.put(row, axis.at + column, "│" + clock_minutes(at), Style::faint);
  }
  if (shows_now) grid.put(row, axis.at + now_at, "now", Style::strong);
}

bool is_on(const TimeBar& bar, const PlanRow& row) {
  if (row.device)
    return std::count(bar.devices.begin(), bar.devices.end(), DeviceId{row.node, *row.device}) > 0;
  return bar.devices.empty() && std::count(bar.nodes.begin(), bar.nodes.end(), row.node) > 0;
}

}  // namespace

void draw_plan(const Canvas& canvas) {
  Grid& grid = canvas.grid;
  const Time now = canvas.look.now;
  const ScreenSize size = grid.size();
  const Axis axis{now - canvas.state.chart_past, now + canvas.state.chart_ahead, names_width,
                  size.columns - names_width};
  draw_axis(grid, axis, now);
  if (!canvas.seen.chart) return draw_nothing(canvas, "asking…");
  const auto rows = plan_rows(canvas.state, canvas.seen);
  if (rows.empty())
    return draw_nothing(canvas, canvas.state.filter.empty()
                                    ? "there are no nodes to show"
                                    : "nothing here has '" + canvas.state.filter + "' in it");
  const int height = list_height(Page::plan, size);
  ListPlace place = canvas.state.plan_rows;
  keep_in_view(place, static_cast<int>(rows.size()), height);
  for (int i = 0; i < height && place.first + i < static_cast<int>(rows.size()); ++i) {
    const PlanRow& row = rows[as_index(place.first + i)];
    const int at = rows_above_list + i;
    grid.put_fitted(at, 0, names_width - 1, row.name);
    for (int column = axis.at; column < size.columns; ++column)
      grid.put(at, column, column == axis.column_of(now) ? "│" : "·", Style::faint, 1);
    // What runs is drawn over what ran, and that over what is only promised.
    for (const GangPhase phase : {GangPhase::waiting, GangPhase::ended, GangPhase::running})
      for (const TimeBar& bar : canvas.seen.chart->bars) {
        const GangPhase its = bar.phase == GangPhase::starting ? GangPhase::running : bar.phase;
        if (its == phase && is_on(bar, row)) draw_bar(grid, at, axis, bar, now);
      }
    if (place.first + i == place.chosen) grid.choose(at, 0, names_width - 1);
  }
  const bool cut = canvas.seen.chart->cut;
  const std::string legend = that_fits(
      {std::string(grid.utf8() ? "█ runs  ▒ ran, or may run so long  ░ promised"
                               : "# runs  = ran, or may run so long  . promised") +
           (cut ? "; older ones are left out" : ""),
       std::string(grid.utf8() ? "█ runs ▒ ran, may ░ promised" : "# runs = ran, may . promised") +
           (cut ? "; no older" : "")},
      size.columns);
  grid.put_fitted(size.rows - 2, 0, size.columns, legend, Style::faint);
}

}  // namespace gangline
