#include <algorithm>

#include "base/text.h"
#include "cli/ask.h"
#include "cli/reserve/local_times.h"
#include "tui/draw_parts.h"

namespace gangline {
namespace {

void draw_head(const Canvas& canvas, const JobDetail& detail) {
  Grid& grid = canvas.grid;
  const JobSummary& job = detail.summary;
  const Time now = canvas.look.now;
  const int width = grid.size().columns;
  std::string title = "job " + named(job) + " of " + job.owner + ": " + name_of(job.phase);
  if (job.gangs > 1) title += ", " + std::to_string(job.gangs) + " gangs: " + count_by_state(job);
  grid.put_fitted(1, 0, width, title, Style::strong);
  const bool chosen = !job.taken.empty() && job.taken != job.request;
  grid.put_fitted(2, 0, width,
                  "asks for " + job.request + (chosen ? "; got " + job.taken : "") +
                      (detail.spec.time ? ", at most " + format(*detail.spec.time) : "") +
                      "; queue " + job.queue);
  std::string times = "submitted " + clock_text(job.submitted);
  if (job.started) times += ", waited " + format(*job.started - job.submitted);
  else if (!job.ended) times += ", waits for " + format(now - job.submitted);
  if (job.started && job.ended) times += ", took " + format(*job.ended - *job.started);
  else if (job.started) times += ", runs for " + format(now - *job.started);
  if (job.expected) times += ", starts by " + start_text(job.expected, now);
  if (detail.energy) times += "; energy " + format(*detail.energy);
  grid.put_fitted(3, 0, width, times);
  std::string last;
  if (job.ending) last = describe(*job.ending);
  else if (!job.reason.empty())
    last = (job.waiting > 0 || job.running == 0 ? "waits: " : "stands still: ") +
           in_local_time(job.reason);
  grid.put_fitted(4, 0, width, last, job.ending ? style_of(job) : Style::notice);
}

Style style_of_cell(char letter) {
  switch (letter) {
    case 'r':
    case 's': return Style::good;
    case 'f':
    case 'n': return Style::bad;
    case 'x': return Style::notice;
    case 'w': return Style::plain;
    default: return Style::faint;
  }
}

void draw_cells(const Canvas& canvas, const JobLayout& layout) {
  if (layout.cells_rows == 0) return;
  const std::string& cells = canvas.seen.cells->cells;
  const int chosen = static_cast<int>(gang_shown(canvas.state, canvas.seen).value_or(0));
  const int first = std::max(0, chosen / layout.cells_columns - layout.cells_rows + 1);
  for (int row = 0; row < layout.cells_rows; ++row)
    for (int column = 0; column < layout.cells_columns; ++column) {
      const auto index = as_index((first + row) * layout.cells_columns + column);
      if (index >= cells.size()) break;
      canvas.grid.put(layout.cells_at + row, column, cells.substr(index, 1),
                      style_of_cell(cells[index]));
      if (static_cast<int>(index) == chosen) canvas.grid.choose(layout.cells_at + row, column, 1);
    }
}

std::string places_text(const Canvas& canvas, const GangView& gang) {
  if (!gang.allocation) return {};
  std::string text;
  for (const NodePart& part : gang.allocation->parts) {
    std::vector<std::uint32_t> devices;
    for (const TaskPlace& task : part.tasks)
      for (const DeviceShare& held : task.devices) devices.push_back(held.device);
    std::sort(devices.begin(), devices.end());
    devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
    const auto node = std::find_if(canvas.seen.nodes.begin(), canvas.seen.nodes.end(),
                                   [&](const NodeView& view) { return view.id == part.node; });
    text +=
        (text.empty() ? "on " : ", ") +
        (node == canvas.seen.nodes.end() ? "node " + std::to_string(part.node.n) : node->node.name);
    for (const std::uint32_t device : devices)
      text += (device == devices.front() ? ":" : ",") + std::to_string(device);
  }
  return text;
}

void draw_gang(const Canvas& canvas, int at) {
  const auto& gang = canvas.seen.gang;
  const auto shown = gang_shown(canvas.state, canvas.seen);
  if (!gang || !shown || gang->id.index != *shown) return;
  Grid& grid = canvas.grid;
  std::string text = "gang " + format(gang->id);
  if (const std::string values = values_of(*gang); !values.empty()) text += " " + values;
  text += ": " + (gang->ending ? describe(*gang->ending) : std::string(name_of(gang->phase)));
  if (gang->attempt > 1) text += " (attempt " + std::to_string(gang->attempt) + ")";
  if (gang->started)
    text += ", ran " + format((gang->ended ? *gang->ended : canvas.look.now) - *gang->started);
  if (const std::string places = places_text(canvas, *gang); !places.empty()) text += " " + places;
  if (gang->busy_percent) text += ", busy " + number_text(gang->busy_percent, "%");
  const int line_width = 10;
  int histories = 0;
  if (gang->allocation && gang->phase != GangPhase::ended)
    for (const NodePart& part : gang->allocation->parts)
      for (const TaskPlace& task : part.tasks)
        for (const DeviceShare& held : task.devices) {
          const auto history = canvas.seen.history.find({part.node, held.device});
          const int column = grid.size().columns - (histories + 1) * (line_width + 1) + 1;
          if (history == canvas.seen.history.end() || column < grid.size().columns / 2) continue;
          grid.put(at, column,
                   history_line(history->second.busy_percent, 100, line_width, grid.utf8()),
                   Style::good);
          ++histories;
        }
  grid.put_fitted(at, 0, grid.size().columns - histories * (line_width + 1), text);
}

// A line across with what stands below it.
void draw_rule(Grid& grid, int at, const std::string& text) {
  const int room = std::max(0, grid.size().columns - 5);
  const int wide = std::min(columns_of_text(text), room);
  grid.put_fitted(at, 4, wide, text, Style::strong);
  grid.put(at, 3, " ", Style::strong);
  const int behind = grid.put(at, 4 + wide, " ", Style::strong);
  for (int column = 0; column < grid.size().columns; ++column)
    if (column < 3 || column >= behind) grid.put(at, column, "─", Style::faint, 1);
}

void draw_log(const Canvas& canvas, const JobLayout& layout) {
  Grid& grid = canvas.grid;
  const auto& log = canvas.seen.log;
  const ScreenState& state = canvas.state;
  const auto gang = gang_shown(state, canvas.seen);
  std::string head = std::string(state.error_stream ? "stderr" : "stdout") + " of ";
  head += gang ? "gang " + format(GangId{*state.job, *gang}) : "no gang";
  if (canvas.seen.job && canvas.seen.job->spec.resources.tasks > 1)
    head += " rank " + std::to_string(state.rank);
  const bool here = log && gang && log->place.gang == GangId{*state.job, *gang} &&
                    log->place.rank == state.rank && log->place.error_stream == state.error_stream;
  const auto height = static_cast<std::size_t>(layout.log_rows);
  const std::size_t count = here ? log->lines.size() : 0;
  std::size_t first = count > height ? count - height : 0;
  if (here && !state.follows) {
    const std::uint64_t asked = std::max(state.log_line, log->gone) - log->gone;
    first = std::min(first, static_cast<std::size_t>(asked));
    head +=
        ", line " + std::to_string(first + 1) + " of " + std::to_string(count) + "; f follows it";
  } else {
    head += ", followed";
  }
  if (here && log->begins_later && first == 0) head += "; `gang logs` has what was before";
  draw_rule(grid, layout.log_at - 1, head);
  if (here && count == 0) grid.put(layout.log_at, 2, "nothing was written", Style::faint);
  for (std::size_t i = 0; i < height && first + i < count; ++i)
    grid.put_fitted(layout.log_at + static_cast<int>(i), 0, grid.size().columns,
                    log->lines[first + i]);
}

void draw_why(const Canvas& canvas, const JobLayout& layout) {
  Grid& grid = canvas.grid;
  draw_rule(grid, layout.log_at - 1, "why; w shows the log again");
  const auto& why = canvas.seen.why;
  if (!why || why->job != *canvas.state.job) {
    grid.put(layout.log_at, 2, "asking…", Style::faint);
    return;
  }
  std::vector<std::string> lines;
  const auto add = [&](const std::string& text) {
    for (std::string& line : wrapped(in_local_time(text), grid.size().columns))
      lines.push_back(std::move(line));
  };
  add(why->reason.empty() ? std::string("it is ") + name_of(why->phase) : why->reason);
  if (why->expected)
    add("expected start: " + start_text(why->expected, canvas.look.now) +
        (why->expected_because.empty() ? "" : " (" + why->expected_because + ")"));
  else if (!why->expected_because.empty()) add(why->expected_because);
  if (!why->run_guessed.empty()) add(why->run_guessed);
  for (const Suggestion& one : why->suggestions)
    add("it would start " +
        (one.start <= canvas.look.now + seconds(1)
             ? std::string("now")
             : "at " + start_text(one.start, canvas.look.now)) +
        " with this change: " + one.change);
  const int over = std::max(0, static_cast<int>(lines.size()) - layout.log_rows);
  const int first = std::min(canvas.state.why_line, over);
  for (int i = 0; i < layout.log_rows && first + i < static_cast<int>(lines.size()); ++i)
    grid.put(layout.log_at + i, 0, lines[as_index(first + i)]);
}

}  // namespace

void draw_job(const Canvas& canvas) {
  const ScreenState& state = canvas.state;
  if (!state.job)
    return draw_nothing(canvas, "no job was opened; Enter in the list of jobs opens one");
  const auto& job = canvas.seen.job;
  if (!job || job->summary.id != *state.job)
    return draw_nothing(canvas, "asking for job " + format(*state.job) + "…");
  const JobLayout layout = job_layout(state, canvas.seen, canvas.grid.size());
  draw_head(canvas, *job);
  draw_cells(canvas, layout);
  draw_gang(canvas, layout.log_at - 2);
  if (state.shows_why) draw_why(canvas, layout);
  else draw_log(canvas, layout);
}

}  // namespace gangline
