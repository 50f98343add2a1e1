#include "tui/rows.h"

#include <algorithm>
#include <numeric>

#include "base/text.h"

namespace gangline {
namespace {

const DeviceSample* sample_of(const NodeView& view, std::uint32_t device) {
  return view.sample && device < view.sample->devices.size() ? &view.sample->devices[device]
                                                             : nullptr;
}

// What is not known comes last.
double measure_of(const Seen& seen, const DeviceRow& row, DeviceOrder order) {
  constexpr double unknown = -1e300;
  const DeviceSample* sample = sample_of(seen.nodes[row.node], row.device.value_or(0));
  if (sample == nullptr) return unknown;
  switch (order) {
    case DeviceOrder::place: return unknown;
    case DeviceOrder::busy: return sample->busy_percent.value_or(unknown);
    case DeviceOrder::memory:
      return sample->memory_used ? static_cast<double>(sample->memory_used->n) : unknown;
    case DeviceOrder::power: return sample->power ? sample->power->w : unknown;
    case DeviceOrder::temperature: return sample->temperature_celsius.value_or(unknown);
  }
  return unknown;
}

bool matches(const NodeView& view, std::uint32_t device, const std::string& filter,
             const Seen& seen) {
  if (filter.empty() || contains_text(view.node.name, filter)) return true;
  const Device& it = view.node.devices[device];
  if (contains_text(it.model, filter) || contains_text(it.uid, filter)) return true;
  if (device >= view.use.size()) return false;
  const DeviceUse& use = view.use[device];
  return contains_text(use.foreign, filter) ||
         std::any_of(use.gangs.begin(), use.gangs.end(), [&](const auto& held) {
           return contains_text(gang_text(held.first, seen), filter);
         });
}

void sort_jobs(std::vector<const JobSummary*>& jobs, JobOrder order) {
  const auto by = [&](auto less) { std::stable_sort(jobs.begin(), jobs.end(), less); };
  using One = const JobSummary*;
  if (order == JobOrder::newest) by([](One a, One b) { return a->id > b->id; });
  if (order == JobOrder::name) by([](One a, One b) { return a->name < b->name; });
  if (order == JobOrder::owner) by([](One a, One b) { return a->owner < b->owner; });
}

}  // namespace

const char* name_of(DeviceOrder order) {
  switch (order) {
    case DeviceOrder::place: return "place";
    case DeviceOrder::busy: return "busy";
    case DeviceOrder::memory: return "memory";
    case DeviceOrder::power: return "power";
    case DeviceOrder::temperature: return "temperature";
  }
  return "";
}

const char* name_of(JobOrder order) {
  switch (order) {
    case JobOrder::start: return "start";
    case JobOrder::newest: return "newest";
    case JobOrder::name: return "name";
    case JobOrder::owner: return "user";
  }
  return "";
}

std::vector<DeviceRow> device_rows(const ScreenState& state, const Seen& seen) {
  std::vector<DeviceRow> rows;
  for (std::uint32_t n = 0; n < seen.nodes.size(); ++n) {
    const NodeView& view = seen.nodes[n];
    const std::size_t head = rows.size();
    if (state.device_order == DeviceOrder::place) rows.push_back({n, std::nullopt});
    bool any = state.filter.empty() || contains_text(view.node.name, state.filter);
    for (std::uint32_t d = 0; d < view.node.devices.size(); ++d) {
      if (!matches(view, d, state.filter, seen)) continue;
      rows.push_back({n, d});
      any = true;
    }
    if (!any) rows.resize(head);
  }
  if (state.device_order != DeviceOrder::place)
    std::stable_sort(rows.begin(), rows.end(), [&](const DeviceRow& a, const DeviceRow& b) {
      return measure_of(seen, a, state.device_order) > measure_of(seen, b, state.device_order);
    });
  return rows;
}

DeviceId device_of(const Seen& seen, const DeviceRow& row) {
  return {seen.nodes[row.node].id, row.device.value_or(0)};
}

std::vector<JobRow> job_rows(const ScreenState& state, const Seen& seen) {
  std::vector<JobRow> rows;
  for (const auto& [phase, told] : {std::pair{GangPhase::waiting, &seen.waiting},
                                    {GangPhase::running, &seen.running},
                                    {GangPhase::ended, &seen.ended}}) {
    rows.push_back({phase, nullptr});
    std::vector<const JobSummary*> jobs;
    for (const JobSummary& job : told->jobs)
      if (state.filter.empty() || contains_text(job.name, state.filter) ||
          contains_text(job.owner, state.filter))
        jobs.push_back(&job);
    sort_jobs(jobs, state.job_order);
    for (const JobSummary* job : jobs) rows.push_back({phase, job});
  }
  return rows;
}

std::vector<PlanRow> plan_rows(const ScreenState& state, const Seen& seen) {
  std::vector<PlanRow> rows;
  std::vector<bool> only_cpus;
  if (seen.chart)
    for (const TimeBar& bar : seen.chart->bars)
      for (const NodeId node : bar.devices.empty() ? bar.nodes : std::vector<NodeId>{}) {
        if (only_cpus.size() <= node.n) only_cpus.resize(node.n + 1);
        only_cpus[node.n] = true;
      }
  const bool several = seen.nodes.size() > 1;
  for (const NodeView& view : seen.nodes) {
    const bool cpus =
        view.node.devices.empty() || (view.id.n < only_cpus.size() && only_cpus[view.id.n]);
    if (!state.filter.empty() && !contains_text(view.node.name, state.filter)) continue;
    if (cpus) rows.push_back({view.id, std::nullopt, several ? view.node.name : "cpus"});
    for (std::uint32_t d = 0; d < view.node.devices.size(); ++d)
      rows.push_back({view.id, d,
                      (several ? view.node.name + ":"
                               : name_of(view.node.devices[d].kind) + std::string(" ")) +
                          std::to_string(d)});
  }
  return rows;
}

const std::vector<PageTitle>& page_titles() {
  static const std::vector<PageTitle> titles{{Page::devices, "1 Devices", 1, 9},
                                             {Page::jobs, "2 Jobs", 12, 6},
                                             {Page::job, "3 Job", 20, 5},
                                             {Page::plan, "4 Plan", 27, 6}};
  return titles;
}

int list_height(Page page, ScreenSize size) {
  const int extra = page == Page::plan ? 1 : 0;  // what the letters of the chart mean
  return std::max(1, size.rows - rows_above_list - rows_below_list - extra);
}

void keep_in_view(ListPlace& place, int count, int height) {
  place.chosen = std::clamp(place.chosen, 0, std::max(0, count - 1));
  // What is chosen first has a head above it.
  const int highest = place.chosen <= 1 && height > 1 ? 0 : place.chosen;
  place.first = std::clamp(place.first, std::min(place.chosen - height + 1, highest), highest);
  place.first = std::clamp(place.first, 0, std::max(0, count - height));
}

ListPlace place_of(const std::vector<DeviceRow>& rows, const ScreenState& state, const Seen& seen) {
  ListPlace place = state.device_rows;
  if (!state.device) {
    while (place.chosen + 1 < static_cast<int>(rows.size()) &&
           !rows[static_cast<std::size_t>(std::max(0, place.chosen))].device)
      ++place.chosen;
    return place;
  }
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].device && device_of(seen, rows[i]) == *state.device)
      place.chosen = static_cast<int>(i);
  return place;
}

ListPlace place_of(const std::vector<JobRow>& rows, const ScreenState& state) {
  ListPlace place = state.job_rows;
  if (!state.chosen_job) {
    while (place.chosen + 1 < static_cast<int>(rows.size()) &&
           rows[static_cast<std::size_t>(std::max(0, place.chosen))].job == nullptr)
      ++place.chosen;
    return place;
  }
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].job != nullptr && rows[i].job->id == *state.chosen_job)
      place.chosen = static_cast<int>(i);
  return place;
}

FittedColumns fit_columns(const std::vector<ScreenColumn>& columns, int width) {
  std::vector<bool> kept(columns.size(), true);
  const auto needed = [&] {
    int sum = 0;
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (kept[i]) sum += columns[i].width + 1;
    return sum - 1;
  };
  while (needed() > width) {
    std::size_t least = columns.size();
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (kept[i] && (least == columns.size() || columns[i].importance < columns[least].importance))
        least = i;
    if (std::count(kept.begin(), kept.end(), true) == 1) break;
    kept[least] = false;
  }
  const int over = std::max(0, width - needed());
  FittedColumns fitted;
  int at = 0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!kept[i]) {
      fitted.left_out += (fitted.left_out.empty() ? "" : ", ") + std::string(columns[i].title);
      continue;
    }
    const int wide = columns[i].width + (columns[i].grows ? over : 0);
    fitted.shown.push_back({i, at, wide});
    at += wide + 1;
  }
  return fitted;
}

const std::vector<ScreenColumn>& device_columns() {
  static const std::vector<ScreenColumn> columns{
      {"DEVICE", 8, 9},        {"MODEL", 10, 1},
      {"BUSY", 4, 8, true},    {"10 MIN", 10, 4},
      {"MEMORY", 11, 6, true}, {"POWER", 5, 5, true},
      {"TEMP", 4, 2, true},    {"WHO", 16, 10, false, true}};
  return columns;
}

const std::vector<ScreenColumn>& job_columns() {
  static const std::vector<ScreenColumn> columns{{"JOB", 6, 9, true},
                                                 {"NAME", 14, 8},
                                                 {"USER", 8, 3},
                                                 {"GANGS", 9, 5},
                                                 {"TIME", 6, 6, true},
                                                 {"START", 6, 4, true},
                                                 {"WHAT", 18, 7, false, true}};
  return columns;
}

std::string gang_text(GangId gang, const Seen& seen) {
  for (const JobSummary& job : seen.running.jobs)
    if (job.id == gang.job)
      return (job.gangs > 1 ? format(gang) : format(gang.job)) + " " + job.name + " (" + job.owner +
             ")";
  return format(gang);
}

std::optional<std::uint32_t> gang_shown(const ScreenState& state, const Seen& seen) {
  if (state.gang) return state.gang;
  if (!seen.job || !state.job || seen.job->summary.id != *state.job || seen.job->gangs.empty())
    return std::nullopt;
  if (seen.job->summary.gangs > 1) return std::nullopt;
  return seen.job->gangs.front().id.index;
}

// One that ended badly, else one that runs, else the first.
void settle(ScreenState& state, const Seen& seen) {
  const bool known = state.job && seen.cells && seen.cells->job == *state.job;
  if (state.gang || !known) return;
  const std::string& cells = seen.cells->cells;
  for (const char letter : {'f', 'r', 'd'})
    if (const auto at = cells.find(letter); at != std::string::npos) {
      state.gang = static_cast<std::uint32_t>(at);
      return;
    }
  state.gang = 0;
}

JobLayout job_layout(const ScreenState& state, const Seen& seen, ScreenSize size) {
  constexpr int head = 5, least_log = 4, most_cell_rows = 8;
  JobLayout layout;
  layout.cells_at = head;
  layout.cells_columns = size.columns;
  const bool known = state.job && seen.job && seen.job->summary.id == *state.job;
  const int gangs = known && seen.cells ? static_cast<int>(seen.cells->cells.size()) : 0;
  if (gangs > 1) {
    const int room = size.rows - rows_below_list - head - 2 - least_log;
    const int needed = (gangs + size.columns - 1) / size.columns;
    layout.cells_rows = std::clamp(room, 1, std::min(needed, most_cell_rows));
  }
  layout.log_at = head + layout.cells_rows + 2;  // the gang, the head of the log
  layout.log_rows = std::max(1, size.rows - rows_below_list - layout.log_at);
  return layout;
}

}  // namespace gangline
