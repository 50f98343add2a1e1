#include <algorithm>

#include "base/text.h"
#include "cli/ask.h"
#include "cli/reserve/local_times.h"
#include "tui/draw_parts.h"

namespace gangline {
namespace {

std::string time_text(const JobSummary& job, Time now) {
  if (job.phase == GangPhase::waiting) return format(now - job.submitted);
  if (!job.started) return "–";
  return format((job.ended ? *job.ended : now) - *job.started);
}

std::string what_text(const JobSummary& job) {
  if (job.ending && (job.phase == GangPhase::ended || job.ended_badly + job.never_ran > 0))
    return describe(*job.ending);
  if (!job.reason.empty()) return in_local_time(job.reason);
  return job.taken.empty() ? job.request : job.taken;
}

void draw_one(const Canvas& canvas, int at, const JobSummary& job, const FittedColumns& fitted) {
  const Style style = style_of(job);
  for (const auto& one : fitted.shown) {
    const auto put = [&](const std::string& text) {
      canvas.grid.put_fitted(at, one.at, one.width, text, style, job_columns()[one.index].right);
    };
    switch (one.index) {
      case 0: put(format(job.id)); break;
      case 1: put(job.name); break;
      case 2: put(job.owner); break;
      case 3: put(gangs_text(job)); break;
      case 4: put(time_text(job, canvas.look.now)); break;
      case 5:
        put(job.phase == GangPhase::waiting ? start_text(job.expected, canvas.look.now) : "");
        break;
      default: put(what_text(job));
    }
  }
}

std::string head_text(const Canvas& canvas, GangPhase phase) {
  const auto count = [](const JobsSeen& told) -> std::string {
    if (told.jobs.empty()) return "none";
    return std::to_string(told.jobs.size()) + (told.more ? " and more" : "");
  };
  const JobOrder order = canvas.state.job_order;
  const std::string by = order == JobOrder::start ? "" : std::string(", by ") + name_of(order);
  if (phase == GangPhase::waiting)
    return "WAITING: " + count(canvas.seen.waiting) +
           (order == JobOrder::start ? ", in the order in which they start" : by);
  if (phase == GangPhase::running) return "RUNNING: " + count(canvas.seen.running) + by;
  if (canvas.seen.ended.jobs.empty()) return "ENDED: none";
  return "ENDED: the newest " + std::to_string(canvas.seen.ended.jobs.size()) + by;
}

}  // namespace

void draw_jobs(const Canvas& canvas) {
  Grid& grid = canvas.grid;
  const auto rows = job_rows(canvas.state, canvas.seen);
  const auto fitted = fit_columns(job_columns(), grid.size().columns);
  draw_heads(grid, rows_above_list - 1, job_columns(), fitted);
  if (!canvas.seen.jobs_at) return draw_nothing(canvas, "asking…");
  if (rows.size() == 3 && canvas.state.filter.empty())
    return draw_nothing(canvas, "no jobs; `gang run -- COMMAND` makes one");
  const int height = list_height(Page::jobs, grid.size());
  ListPlace place = place_of(rows, canvas.state);
  keep_in_view(place, static_cast<int>(rows.size()), height);
  for (int i = 0; i < height && place.first + i < static_cast<int>(rows.size()); ++i) {
    const JobRow& row = rows[static_cast<std::size_t>(place.first + i)];
    const int at = rows_above_list + i;
    if (row.job != nullptr) draw_one(canvas, at, *row.job, fitted);
    else grid.put_fitted(at, 0, grid.size().columns, head_text(canvas, row.phase), Style::strong);
    if (place.first + i == place.chosen) grid.choose(at);
  }
}

}  // namespace gangline
