#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/text.h"
#include "tui/draw_parts.h"

namespace gangline {
namespace {

constexpr ScreenSize least_size{8, 40};

void draw_titles(const Canvas& canvas) {
  Grid& grid = canvas.grid;
  for (const PageTitle& title : page_titles()) {
    const bool here = title.page == canvas.state.page;
    grid.put(0, title.at, title.text, here ? Style::strong : Style::faint);
    if (here) grid.choose(0, title.at, title.width);
  }
  // Where it is narrow, the titles come before the clock.
  const PageTitle& last = page_titles().back();
  const std::string help = "? help", with_clock = clock_text(canvas.look.now) + "  " + help;
  const bool has_room =
      last.at + last.width + 2 + columns_of_text(with_clock) <= grid.size().columns;
  const std::string& right = has_room ? with_clock : help;
  grid.put(0, grid.size().columns - columns_of_text(right), right, Style::faint);
}

struct Totals {
  int used = 0, outside = 0, free = 0, not_told = 0, unusable = 0;
  std::optional<double> watts;
};

Totals totals_of(const Seen& seen) {
  Totals totals;
  for (const NodeView& view : seen.nodes)
    for (std::size_t i = 0; i < view.node.devices.size(); ++i) {
      const Device& device = view.node.devices[i];
      if (view.sample && i < view.sample->devices.size() && view.sample->devices[i].power)
        totals.watts = totals.watts.value_or(0) + view.sample->devices[i].power->w;
      if (!device.allottable) continue;
      if (i < view.use.size() && !view.use[i].gangs.empty()) ++totals.used;
      else if (i < view.use.size() && !view.use[i].foreign.empty()) ++totals.outside;
      else if (!device.present || !view.node.up) ++totals.unusable;
      else if (view.node.elsewhere) ++totals.not_told;
      else ++totals.free;
    }
  return totals;
}

std::string summary_text(const Canvas& canvas) {
  const Seen& seen = canvas.seen;
  std::string text;
  if (seen.nodes_at) {
    const Totals totals = totals_of(seen);
    const int all = totals.used + totals.outside + totals.free + totals.not_told + totals.unusable;
    text = std::to_string(all) + (all == 1 ? " device" : " devices");
    bool first = true;
    for (const auto& [n, word] : {std::pair{totals.used, "used"},
                                  {totals.free, "free"},
                                  {totals.outside, "held from outside"},
                                  {totals.not_told, "not told"},
                                  {totals.unusable, "not usable"}}) {
      if (n == 0) continue;
      text += (first ? ": " : ", ") + std::to_string(n) + " " + word;
      first = false;
    }
    if (totals.watts) text += "; " + number_text(totals.watts, "W");
  }
  if (seen.status)
    text += (text.empty() ? "" : "; ") + std::string("gangs: ") +
            std::to_string(seen.status->running) + " run, " + std::to_string(seen.status->waiting) +
            " wait";
  return text;
}

// Names the columns that are left out, all of them at the least width that there is.
std::string left_out_text(const std::string& columns, int width) {
  std::string narrow;
  for (const std::string_view name : split(columns, ','))
    narrow += (narrow.empty() ? "" : ",") + std::string(trim(name));
  return that_fits(
      {"left out here for want of room: " + columns, "left out: " + columns, "left out: " + narrow},
      width);
}

// What stands in the last row, the most urgent first.
void draw_last_row(const Canvas& canvas, const std::string& left_out) {
  Grid& grid = canvas.grid;
  const ScreenState& state = canvas.state;
  const Seen& seen = canvas.seen;
  const int row = grid.size().rows - 1, width = grid.size().columns;
  if (state.question) {
    const StopQuestion& ask = *state.question;
    grid.put_fitted(row, 0, width, "stop " + words_of(ask) + " (" + ask.name + ")? y: yes, n: no",
                    Style::notice);
    grid.choose(row);
  } else if (state.types_filter) {
    const int behind =
        grid.put(row, 0, "show what has in it: " + state.filter, Style::notice, width - 1);
    grid.choose(row, behind, 1);
  } else if (!state.says.empty()) {
    grid.put_fitted(row, 0, width, state.says, Style::notice);
  } else if (!seen.says.empty()) {
    grid.put_fitted(row, 0, width, seen.says, Style::notice);
  } else if (seen.status && !seen.status->trouble.empty()) {
    grid.put_fitted(row, 0, width, seen.status->trouble, Style::bad);
  } else if (!left_out.empty()) {
    grid.put_fitted(row, 0, width, left_out_text(left_out, width), Style::faint);
  } else {
    std::string keys = "q quit";
    if (state.page == Page::devices)
      keys += "  Enter its job  / filter  s order: " + std::string(name_of(state.device_order));
    if (state.page == Page::jobs)
      keys += "  Enter open  / filter  w why  x stop  s order: " +
              std::string(name_of(state.job_order));
    if (state.page == Page::job)
      keys += "  Esc back  f follow  e " + std::string(state.error_stream ? "stdout" : "stderr") +
              "  w why  x stop  n next rank";
    if (state.page == Page::plan) keys += "  + - zoom  Enter its job  / filter";
    grid.put_fitted(row, 0, width, keys, Style::faint);
  }
}

// The second row of the lists, or who is not there.
void draw_summary(const Canvas& canvas) {
  Grid& grid = canvas.grid;
  const Seen& seen = canvas.seen;
  const int width = grid.size().columns;
  if (seen.lost) {
    const std::string text = "OLD, of " + clock_text(*seen.lost) +
                             (seen.may_start ? ": no service answers, S starts one; " : ": ") +
                             seen.lost_says;
    grid.put_fitted(1, 0, width, text, Style::bad);
    grid.choose(1);
    return;
  }
  if (canvas.state.page == Page::job && canvas.state.job) return;
  std::string text = summary_text(canvas);
  if (!canvas.state.filter.empty()) text = "with '" + canvas.state.filter + "' in it; " + text;
  grid.put_fitted(1, 0, width, text);
}

constexpr const char* help_lines[] = {
    "1 2 3 4       devices, jobs, one job, what ran and is promised",
    "arrows, j k   move; PgUp PgDn, Space, Home End, g G",
    "Enter         opens the job      Esc, Backspace   goes back",
    "/             shows only what has a text in it; Esc ends that",
    "s             another order",
    "w             why a job waits",
    "x             stops a job, X of a job the gang shown; asks first",
    "in a job:     left, right, < >   another gang",
    "              f follows the log, e the other stream, n p ranks",
    "in the plan:  + - zoom, left: further back, right: further ahead",
    "S             starts a service where none answers",
    "q, Ctrl-C     quits; jobs go on",
    "cells: w waits s starts r runs d done f badly x stopped n never ran",
};

void draw_help(Grid& grid) {
  const int last = grid.size().rows - 1, width = grid.size().columns;
  int row = 1;
  for (const char* line : help_lines)
    if (row < last) grid.put_fitted(row++, 1, width - 2, line);
  const bool all = std::size(help_lines) <= as_index(last - 1);
  const std::string says =
      all ? "any key goes back"
          : that_fits({"the rest is left out for want of rows; any key goes back",
                       "more rows show more; any key goes back"},
                      width);
  grid.put_fitted(last, 0, width, says, all ? Style::faint : Style::notice);
}

std::string left_out_of(const ScreenState& state, int width) {
  if (state.page == Page::devices) return fit_columns(device_columns(), width).left_out;
  if (state.page == Page::jobs) return fit_columns(job_columns(), width).left_out;
  return {};
}

}  // namespace

Grid draw(const ScreenState& state, const Seen& seen, ScreenSize size, const ScreenLook& look) {
  Grid grid(size, look.utf8);
  const Canvas canvas{grid, state, seen, look};
  if (size.rows < least_size.rows || size.columns < least_size.columns) {
    grid.put_fitted(0, 0, size.columns, "too small", Style::notice);
    grid.put_fitted(1, 0, size.columns,
                    "gang top needs " + std::to_string(least_size.columns) + "x" +
                        std::to_string(least_size.rows) + "; q quits");
    return grid;
  }
  draw_titles(canvas);
  if (state.helps) {
    draw_help(grid);
    return grid;
  }
  switch (state.page) {
    case Page::devices: draw_devices(canvas); break;
    case Page::jobs: draw_jobs(canvas); break;
    case Page::job: draw_job(canvas); break;
    case Page::plan: draw_plan(canvas); break;
  }
  draw_summary(canvas);
  draw_last_row(canvas, left_out_of(state, size.columns));
  return grid;
}

}  // namespace gangline
