#include <algorithm>
#include <utility>

#include "base/text.h"
#include "tui/rows.h"

namespace gangline {
namespace {

void go_to(ScreenState& state, Page page) {
  if (state.page == page) return;
  state.before.push_back(state.page);
  if (state.before.size() > 16) state.before.erase(state.before.begin());
  state.page = page;
}

void open_job(ScreenState& state, JobId job, std::optional<std::uint32_t> gang) {
  if (state.job != job || state.gang != gang) {
    state.rank = 0;
    state.error_stream = false;
    state.follows = true;
    state.shows_why = false;
    state.why_line = 0;
  }
  state.job = job;
  state.gang = gang;
  go_to(state, Page::job);
}

// How many rows a key moves; empty: it moves none.
std::optional<int> rows_moved(const KeyPress& key, int height) {
  constexpr int all = 1 << 20;
  switch (key.kind) {
    case KeyKind::up: return -1;
    case KeyKind::down: return 1;
    case KeyKind::page_up: return -height;
    case KeyKind::page_down: return height;
    case KeyKind::home: return -all;
    case KeyKind::end: return all;
    case KeyKind::wheel_up: return -3;
    case KeyKind::wheel_down: return 3;
    case KeyKind::character:
      if (key.character == 'j') return 1;
      if (key.character == 'k') return -1;
      if (key.character == 'g') return -all;
      if (key.character == 'G') return all;
      if (key.character == ' ') return height;
      return std::nullopt;
    default: return std::nullopt;
  }
}

bool is(const KeyPress& key, char32_t character) {
  return key.kind == KeyKind::character && key.character == character;
}

// Moves in a list, or to the row that was clicked; true: the key said so.
bool move_in(ListPlace& place, int count, const KeyPress& key, int height) {
  if (key.kind == KeyKind::click) {
    const int row = key.row - rows_above_list;
    if (row < 0 || row >= height || place.first + row >= count) return false;
    place.chosen = place.first + row;
    return true;
  }
  const auto moved = rows_moved(key, height);
  if (!moved) return false;
  place.chosen = std::clamp(place.chosen + *moved, 0, std::max(0, count - 1));
  return true;
}

// The chosen row is one that can be chosen: the next one in the direction of the move, else the
// nearest one before.
template <class Rows, class May>
void step_over_heads(ListPlace& place, const Rows& rows, int before, May may) {
  const int count = static_cast<int>(rows.size());
  const int step = place.chosen < before ? -1 : 1;
  for (const int direction : {step, -step})
    for (int row = place.chosen; row >= 0 && row < count; row += direction)
      if (may(rows[static_cast<std::size_t>(row)])) {
        place.chosen = row;
        return;
      }
}

void press_on_devices(ScreenState& state, const Seen& seen, const KeyPress& key, ScreenSize size) {
  const auto rows = device_rows(state, seen);
  ListPlace place = place_of(rows, state, seen);
  const int count = static_cast<int>(rows.size()), height = list_height(Page::devices, size);
  keep_in_view(place, count, height);
  const int before = place.chosen;
  if (move_in(place, count, key, height)) {
    step_over_heads(place, rows, before,
                    [](const DeviceRow& one) { return one.device.has_value(); });
    keep_in_view(place, count, height);
    const auto& row = rows.empty() ? DeviceRow{} : rows[static_cast<std::size_t>(place.chosen)];
    state.device.reset();
    if (row.device) state.device = device_of(seen, row);
  } else if (key.kind == KeyKind::enter && !rows.empty()) {
    const DeviceRow& row = rows[static_cast<std::size_t>(place.chosen)];
    if (!row.device) return;
    const auto& use = seen.nodes[row.node].use;
    if (*row.device < use.size() && !use[*row.device].gangs.empty()) {
      const GangId gang = use[*row.device].gangs.front().first;
      open_job(state, gang.job, gang.index);
    }
  } else if (is(key, 's')) {
    state.device_order = static_cast<DeviceOrder>((static_cast<int>(state.device_order) + 1) % 5);
    state.device_rows.first = 0;
    return;
  }
  state.device_rows = place;
}

// What has ended is not stopped, and that is said.
void ask_to_stop(ScreenState& state, StopQuestion question, GangPhase phase) {
  if (phase == GangPhase::ended) state.says = words_of(question) + " has ended";
  else state.question = std::move(question);
}

void press_on_jobs(ScreenState& state, const Seen& seen, const KeyPress& key, ScreenSize size) {
  const auto rows = job_rows(state, seen);
  ListPlace place = place_of(rows, state);
  const int count = static_cast<int>(rows.size()), height = list_height(Page::jobs, size);
  keep_in_view(place, count, height);
  const JobSummary* job = rows[static_cast<std::size_t>(place.chosen)].job;
  const int before = place.chosen;
  if (move_in(place, count, key, height)) {
    step_over_heads(place, rows, before, [](const JobRow& one) { return one.job != nullptr; });
    keep_in_view(place, count, height);
    const JobRow& row = rows[static_cast<std::size_t>(place.chosen)];
    state.chosen_job.reset();
    if (row.job != nullptr) state.chosen_job = row.job->id;
    // Whoever comes to the end of what was asked for is shown more.
    const bool more = seen.waiting.more || seen.running.more || seen.ended.more;
    if (more && place.first + 2 * height >= count)
      state.most_jobs = std::min(most_listed, state.most_jobs * 2);
  } else if (key.kind == KeyKind::enter && job != nullptr) {
    open_job(state, job->id, std::nullopt);
  } else if (is(key, 'w') && job != nullptr) {
    open_job(state, job->id, std::nullopt);
    state.shows_why = true;
  } else if (is(key, 'x') && job != nullptr) {
    ask_to_stop(state, {job->id, std::nullopt, job->name}, job->phase);
  } else if (is(key, 's')) {
    state.job_order = static_cast<JobOrder>((static_cast<int>(state.job_order) + 1) % 4);
    state.job_rows.first = 0;
    return;
  }
  state.job_rows = place;
}

void choose_gang(ScreenState& state, std::uint32_t gang) {
  state.gang = gang;
  state.rank = 0;
  state.follows = true;
  state.log_line = 0;
}

bool press_on_cells(ScreenState& state, const Seen& seen, const KeyPress& key, ScreenSize size) {
  const JobLayout layout = job_layout(state, seen, size);
  if (layout.cells_rows == 0) return false;
  const int gangs = static_cast<int>(seen.cells->cells.size());
  const int now = static_cast<int>(gang_shown(state, seen).value_or(0));
  int chosen = now;
  if (key.kind == KeyKind::left || is(key, 'h')) chosen = now - 1;
  else if (key.kind == KeyKind::right || is(key, 'l')) chosen = now + 1;
  else if (is(key, '<')) chosen = now - layout.cells_columns;
  else if (is(key, '>')) chosen = now + layout.cells_columns;
  else if (key.kind == KeyKind::click && key.row >= layout.cells_at &&
           key.row < layout.cells_at + layout.cells_rows) {
    const int first = std::max(0, now / layout.cells_columns - layout.cells_rows + 1);
    chosen = (first + key.row - layout.cells_at) * layout.cells_columns + key.column;
    if (chosen >= gangs) return true;
  } else {
    return false;
  }
  chosen = std::clamp(chosen, 0, gangs - 1);
  if (chosen != now) choose_gang(state, static_cast<std::uint32_t>(chosen));
  return true;
}

void scroll_log(ScreenState& state, const Seen& seen, int moved, int height) {
  if (!seen.log) return;
  const auto count = static_cast<std::int64_t>(seen.log->lines.size());
  const auto gone = static_cast<std::int64_t>(seen.log->gone);
  const std::int64_t last = gone + std::max<std::int64_t>(0, count - height);
  const std::int64_t from = state.follows ? last : static_cast<std::int64_t>(state.log_line);
  const std::int64_t to = std::clamp(from + moved, gone, last);
  state.log_line = static_cast<std::uint64_t>(to);
  state.follows = to == last && moved > 0;
}

void press_on_job(ScreenState& state, const Seen& seen, const KeyPress& key, ScreenSize size) {
  const bool known = seen.job && state.job && seen.job->summary.id == *state.job;
  if (press_on_cells(state, seen, key, size)) return;
  const int height = job_layout(state, seen, size).log_rows;
  if (const auto moved = rows_moved(key, height)) {
    if (state.shows_why) state.why_line = std::max(0, std::min(state.why_line + *moved, 1000));
    else scroll_log(state, seen, *moved, height);
  } else if (is(key, 'f')) {
    state.follows = !state.follows;
    if (!state.follows && seen.log)
      state.log_line =
          seen.log->gone + static_cast<std::uint64_t>(std::max<std::int64_t>(
                               0, static_cast<std::int64_t>(seen.log->lines.size()) - height));
  } else if (is(key, 'w')) {
    state.shows_why = !state.shows_why;
    state.why_line = 0;
  } else if (is(key, 'e')) {
    state.error_stream = !state.error_stream;
    state.follows = true;
  } else if ((is(key, 'n') || is(key, 'p')) && known) {
    const std::uint32_t tasks = std::max(1u, seen.job->spec.resources.tasks);
    state.rank = (state.rank + (is(key, 'n') ? 1 : tasks - 1)) % tasks;
    state.follows = true;
  } else if (is(key, 'x') && known) {
    const JobSummary& job = seen.job->summary;
    ask_to_stop(state, {job.id, std::nullopt, job.name}, job.phase);
  } else if (is(key, 'X') && known && seen.gang && seen.gang->id.job == *state.job) {
    ask_to_stop(state, {*state.job, seen.gang->id.index, seen.job->summary.name}, seen.gang->phase);
  }
}

const TimeBar* bar_now(const Seen& seen, const PlanRow& row) {
  if (!seen.chart) return nullptr;
  for (const TimeBar& bar : seen.chart->bars) {
    if (bar.phase == GangPhase::ended || bar.phase == GangPhase::waiting) continue;
    const bool here = row.device ? std::count(bar.devices.begin(), bar.devices.end(),
                                              DeviceId{row.node, *row.device}) > 0
                                 : bar.devices.empty() &&
                                       std::count(bar.nodes.begin(), bar.nodes.end(), row.node) > 0;
    if (here) return &bar;
  }
  return nullptr;
}

void press_on_plan(ScreenState& state, const Seen& seen, const KeyPress& key, ScreenSize size) {
  constexpr Span least = minutes(1), most = hours(24 * 14);
  const auto rows = plan_rows(state, seen);
  const int count = static_cast<int>(rows.size()), height = list_height(Page::plan, size);
  const auto scaled = [&](Span span, bool wider) {
    return std::clamp(Span{wider ? span.us * 2 : span.us / 2}, least, most);
  };
  keep_in_view(state.plan_rows, count, height);
  if (move_in(state.plan_rows, count, key, height)) {
    keep_in_view(state.plan_rows, count, height);
  } else if (is(key, '+') || is(key, '-')) {
    state.chart_past = scaled(state.chart_past, is(key, '-'));
    state.chart_ahead = scaled(state.chart_ahead, is(key, '-'));
  } else if (key.kind == KeyKind::left || is(key, 'h')) {
    state.chart_past = scaled(state.chart_past, true);
  } else if (key.kind == KeyKind::right || is(key, 'l')) {
    state.chart_ahead = scaled(state.chart_ahead, true);
  } else if (key.kind == KeyKind::enter && count > 0) {
    const auto* bar = bar_now(seen, rows[static_cast<std::size_t>(state.plan_rows.chosen)]);
    if (bar != nullptr) open_job(state, bar->gang.job, bar->gang.index);
  }
}

std::optional<Wish> press_on_question(ScreenState& state, const KeyPress& key) {
  const StopQuestion question = *state.question;
  const bool yes = is(key, 'y') || is(key, 'Y');
  const bool no = is(key, 'n') || is(key, 'N') || is(key, 'q') || key.kind == KeyKind::escape;
  if (yes || no) state.question.reset();
  if (!yes) return std::nullopt;
  return StopWish{{question.job, question.index, false, {}}};
}

void press_on_filter(ScreenState& state, const KeyPress& key) {
  constexpr std::size_t longest_filter = 128;
  if (key.kind == KeyKind::enter) {
    state.types_filter = false;
  } else if (key.kind == KeyKind::escape) {
    state.types_filter = false;
    state.filter.clear();
  } else if (key.kind == KeyKind::backspace) {
    while (!state.filter.empty() && (state.filter.back() & '\xc0') == '\x80')
      state.filter.pop_back();
    if (!state.filter.empty()) state.filter.pop_back();
  } else if (key.kind == KeyKind::character && key.character >= ' ' &&
             state.filter.size() < longest_filter) {
    state.filter += utf8_of(key.character);
  }
}

void go_back(ScreenState& state) {
  if (state.page == Page::job && state.shows_why) {
    state.shows_why = false;
  } else if (!state.filter.empty() && state.page != Page::job) {
    state.filter.clear();
  } else if (!state.before.empty()) {
    state.page = state.before.back();
    state.before.pop_back();
  }
}

// To the job that was opened last, else to one that there is.
void go_to_job(ScreenState& state, const Seen& seen) {
  if (state.job) return go_to(state, Page::job);
  if (state.chosen_job) return open_job(state, *state.chosen_job, std::nullopt);
  for (const JobsSeen* told : {&seen.running, &seen.waiting, &seen.ended})
    if (!told->jobs.empty()) return open_job(state, told->jobs.front().id, std::nullopt);
  go_to(state, Page::job);
}

// Keys that mean the same on each page; true: it was one.
bool press_anywhere(ScreenState& state, const Seen& seen, const KeyPress& key) {
  if (is(key, 'q')) state.quits = true;
  else if (is(key, '?')) state.helps = true;
  else if (is(key, '1')) go_to(state, Page::devices);
  else if (is(key, '2')) go_to(state, Page::jobs);
  else if (is(key, '3')) go_to_job(state, seen);
  else if (is(key, '4')) go_to(state, Page::plan);
  else if (is(key, '/') && state.page != Page::job) state.types_filter = true;
  else if (key.kind == KeyKind::escape || key.kind == KeyKind::backspace) go_back(state);
  else return false;
  return true;
}

// The titles at the top are there to be clicked as well.
bool press_on_titles(ScreenState& state, const Seen& seen, const KeyPress& key) {
  if (key.kind != KeyKind::click || key.row != 0) return false;
  for (const PageTitle& title : page_titles())
    if (key.column >= title.at && key.column < title.at + title.width) {
      if (title.page == Page::job) go_to_job(state, seen);
      else go_to(state, title.page);
    }
  return true;
}

}  // namespace

std::string words_of(const StopQuestion& question) {
  if (!question.index) return "job " + format(question.job);
  return "gang " + format(GangId{question.job, *question.index});
}

std::optional<Wish> press(ScreenState& state, const Seen& seen, const KeyPress& key,
                          ScreenSize size) {
  state.says.clear();
  if (state.helps) {
    state.helps = false;
    if (is(key, 'q')) state.quits = true;
    return std::nullopt;
  }
  if (state.question) return press_on_question(state, key);
  if (state.types_filter) {
    press_on_filter(state, key);
    return std::nullopt;
  }
  if (is(key, 'S') && seen.lost && seen.may_start) return StartWish{};
  if (press_anywhere(state, seen, key) || press_on_titles(state, seen, key)) return std::nullopt;
  if (state.page == Page::job && !state.job) return std::nullopt;
  switch (state.page) {
    case Page::devices: press_on_devices(state, seen, key, size); break;
    case Page::jobs: press_on_jobs(state, seen, key, size); break;
    case Page::job: press_on_job(state, seen, key, size); break;
    case Page::plan: press_on_plan(state, seen, key, size); break;
  }
  return std::nullopt;
}

}  // namespace gangline
