// What the pages are drawn with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tui/rows.h"

namespace gangline {

struct Canvas {
  Grid& grid;
  const ScreenState& state;
  const Seen& seen;
  const ScreenLook& look;
};

void draw_devices(const Canvas& canvas);
void draw_jobs(const Canvas& canvas);
void draw_job(const Canvas& canvas);
void draw_plan(const Canvas& canvas);

/// Heads of columns in a row; what is left out is told by `left_out`.
void draw_heads(Grid& grid, int row, const std::vector<ScreenColumn>& columns,
                const FittedColumns& fitted);

/// Values from 0 to `full` as a line of `columns` characters, the newest at the right; what is not
/// known is blank.
std::string history_line(const std::vector<double>& values, double full, int columns, bool utf8);

std::string number_text(const std::optional<double>& value, const char* unit);  ///< "87%", or "–"
std::string clock_text(Time time);                         ///< "14:05:07", local
std::string clock_minutes(Time time);                      ///< "14:05", local
std::string start_text(std::optional<Time> at, Time now);  ///< "14:05", or "3d04h"; "–" for none
std::string gangs_text(const JobSummary& job);             ///< "12/40"
Style style_of(const JobSummary& job);

/// Text in lines of at most `columns`, broken between words where one can.
std::vector<std::string> wrapped(std::string_view text, int columns);

/// Of several ways to say something the first that there is room for, or else the last.
std::string that_fits(const std::vector<std::string>& ways, int width);

/// The row for a sentence where there is nothing to show.
void draw_nothing(const Canvas& canvas, const std::string& sentence);

}  // namespace gangline
