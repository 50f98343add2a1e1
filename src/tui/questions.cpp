#include <algorithm>

#include "tui/rows.h"

namespace gangline {
namespace {

constexpr Span chart_grain = seconds(10);

// Those on the screen, and a page around it, so that one scrolls into what is there already.
std::vector<DeviceId> devices_in_view(const ScreenState& state, const Seen& seen, ScreenSize size) {
  const auto rows = device_rows(state, seen);
  const int height = list_height(Page::devices, size);
  ListPlace place = place_of(rows, state, seen);
  keep_in_view(place, static_cast<int>(rows.size()), height);
  std::vector<DeviceId> devices;
  const int end = std::min(static_cast<int>(rows.size()), place.first + height);
  for (int i = place.first; i < end; ++i) {
    const DeviceRow& row = rows[static_cast<std::size_t>(i)];
    if (row.device) devices.push_back(device_of(seen, row));
  }
  std::sort(devices.begin(), devices.end());
  return devices;
}

std::vector<DeviceId> devices_of_gang(const Seen& seen) {
  constexpr std::size_t most = 16;
  std::vector<DeviceId> devices;
  if (!seen.gang || !seen.gang->allocation || seen.gang->phase == GangPhase::ended) return devices;
  for (const NodePart& part : seen.gang->allocation->parts)
    for (const TaskPlace& task : part.tasks)
      for (const DeviceShare& held : task.devices) devices.push_back({part.node, held.device});
  std::sort(devices.begin(), devices.end());
  devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
  if (devices.size() > most) devices.resize(most);
  return devices;
}

}  // namespace

bool Questions::operator==(const Questions& other) const {
  const auto same_chart = [&] {
    if (chart.has_value() != other.chart.has_value()) return false;
    return !chart || (chart->from == other.chart->from && chart->until == other.chart->until);
  };
  return nodes == other.nodes && jobs == other.jobs && only_running == other.only_running &&
         most_jobs == other.most_jobs && filter == other.filter && history_of == other.history_of &&
         history_points == other.history_points && job == other.job && log == other.log &&
         why == other.why && same_chart();
}

Questions questions_of(const ScreenState& state, const Seen& seen, ScreenSize size, Time now) {
  Questions wanted;
  wanted.most_jobs = state.most_jobs;
  const auto columns = fit_columns(device_columns(), size.columns);
  for (const auto& one : columns.shown)
    if (one.index == history_column) wanted.history_points = static_cast<std::uint32_t>(one.width);
  switch (state.page) {
    case Page::devices:
      wanted.nodes = wanted.jobs = wanted.only_running = true;
      wanted.history_of = devices_in_view(state, seen, size);
      break;
    case Page::jobs:
      wanted.jobs = true;
      wanted.filter = state.filter;
      break;
    case Page::job: {
      wanted.job = state.job;
      wanted.history_of = devices_of_gang(seen);
      const auto gang = gang_shown(state, seen);
      if (state.job && gang)
        wanted.log = LogPlace{{*state.job, *gang}, 0, state.rank, state.error_stream};
      wanted.why = state.shows_why && state.job;
      // Nodes have names, which a place tells by number.
      wanted.nodes = seen.nodes.empty();
      wanted.jobs = !state.job;
      break;
    }
    case Page::plan: {
      wanted.nodes = seen.nodes.empty();
      const std::int64_t grain = now.us / chart_grain.us * chart_grain.us;
      wanted.chart = TimeChartQuery{Time{grain} - state.chart_past,
                                    Time{grain} + state.chart_ahead + chart_grain};
      break;
    }
  }
  return wanted;
}

}  // namespace gangline
