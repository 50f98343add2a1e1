#include "tui/draw_parts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "base/text.h"

namespace gangline {
namespace {

std::string local_text(Time time, const char* form) {
  const std::time_t since_epoch = static_cast<std::time_t>(time.us / 1'000'000);
  std::tm parts{};
  ::localtime_r(&since_epoch, &parts);
  char text[32];
  std::strftime(text, sizeof text, form, &parts);
  return text;
}

}  // namespace

void draw_heads(Grid& grid, int row, const std::vector<ScreenColumn>& columns,
                const FittedColumns& fitted) {
  for (const auto& one : fitted.shown)
    grid.put_fitted(row, one.at, one.width, columns[one.index].title, Style::strong,
                    columns[one.index].right);
}

std::string history_line(const std::vector<double>& values, double full, int columns, bool utf8) {
  static constexpr std::array<const char*, 8> blocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static constexpr std::array<const char*, 8> letters{"_", ".", ":", "-", "=", "+", "*", "#"};
  const auto count = static_cast<std::size_t>(std::max(0, columns));
  const std::size_t first = values.size() > count ? values.size() - count : 0;
  std::string line(count - (values.size() - first), ' ');
  for (std::size_t i = first; i < values.size(); ++i) {
    if (std::isnan(values[i]) || full <= 0) {
      line += ' ';
      continue;
    }
    const double part = std::clamp(values[i] / full, 0.0, 1.0);
    line += (utf8 ? blocks : letters)[static_cast<std::size_t>(std::lround(part * 7))];
  }
  return line;
}

std::string number_text(const std::optional<double>& value, const char* unit) {
  if (!value) return "–";
  char text[32];
  std::snprintf(text, sizeof text, "%.0f%s", *value, unit);
  return text;
}

std::string clock_text(Time time) { return local_text(time, "%H:%M:%S"); }
std::string clock_minutes(Time time) { return local_text(time, "%H:%M"); }

std::string start_text(std::optional<Time> at, Time now) {
  if (!at || *at == never) return "–";
  if (*at - now > hours(18)) return format(*at - now);
  return clock_minutes(*at);
}

std::string gangs_text(const JobSummary& job) {
  if (job.gangs == 1) return "1";
  const std::uint32_t over = job.ended_well + job.ended_badly + job.never_ran;
  return std::to_string(over) + "/" + std::to_string(job.gangs);
}

Style style_of(const JobSummary& job) {
  if (job.ended_badly + job.never_ran > 0) return Style::bad;
  if (job.phase == GangPhase::running || job.phase == GangPhase::starting) return Style::good;
  return job.phase == GangPhase::ended ? Style::faint : Style::plain;
}

std::vector<std::string> wrapped(std::string_view text, int columns) {
  std::vector<std::string> lines;
  for (const std::string_view paragraph : split(text, '\n')) {
    std::string line;
    for (const std::string_view word : split(paragraph, ' ')) {
      const int needed = columns_of_text(line) + columns_of_text(word) + 1;
      if (!line.empty() && needed > columns) {
        lines.push_back(std::move(line));
        line.clear();
      }
      line += (line.empty() ? "" : " ") + std::string(word);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string that_fits(const std::vector<std::string>& ways, int width) {
  for (const std::string& way : ways)
    if (columns_of_text(way) <= width) return way;
  return ways.back();
}

void draw_nothing(const Canvas& canvas, const std::string& sentence) {
  int row = rows_above_list + 1;
  for (const std::string& line : wrapped(sentence, canvas.grid.size().columns - 4))
    canvas.grid.put(row++, 2, line, Style::faint);
}

}  // namespace gangline
