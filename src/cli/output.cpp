#include "cli/output.h"

#include <algorithm>

#include "base/text.h"
#include "cli/reserve/local_times.h"
#include "json/json.h"

namespace gangline {
namespace {

const char* escape_of(Colour colour) {
  switch (colour) {
    case Colour::none: return "";
    case Colour::good: return "\x1b[32m";
    case Colour::bad: return "\x1b[31m";
    case Colour::faint: return "\x1b[2m";
    case Colour::strong: return "\x1b[1m";
  }
  return "";
}

// `text` cut to `width` columns, with "…" where something is left out.
std::string cut(const std::string& text, std::size_t width) {
  if (columns_of(text) <= width) return text;
  std::string_view rest = text;
  std::string kept;
  for (std::size_t n = 0; n + 1 < width && !rest.empty(); ++n) {
    const std::size_t size = std::max<std::size_t>(1, utf8_length(rest));
    kept += rest.substr(0, size);
    rest.remove_prefix(size);
  }
  return kept + "…";
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & '\xc0') != '\x80'; }));
}

std::string ago(const std::optional<Time>& then, Time now) {
  return then ? format(now - *then) + " ago" : "-";
}

void Table::row(std::vector<std::string> cells, Colour colour) {
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back({std::move(cells), colour});
}

void Output::table(const Table& table) {
  std::vector<std::size_t> widths;
  for (const std::string& title : table.titles_) widths.push_back(columns_of(title));
  for (const Table::Row& row : table.rows_)
    for (std::size_t i = 0; i < row.cells.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(row.cells[i]));
  std::size_t before_last = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) before_last += widths[i] + 2;
  const std::size_t least_last = 12;
  const bool fits = around_.out_is_terminal && !widths.empty();
  const std::size_t last =
      around_.width > before_last + least_last ? around_.width - before_last : least_last;

  const auto print = [&](const std::vector<std::string>& cells, Colour colour) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const bool is_last = i + 1 == cells.size();
      const std::string cell = is_last && fits ? cut(cells[i], last) : cells[i];
      text += cell;
      if (!is_last) text.append(widths[i] - columns_of(cell) + 2, ' ');
    }
    while (text.ends_with(' ')) text.pop_back();
    line(paint(text, colour));
  };
  print(table.titles_, Colour::strong);
  for (const Table::Row& row : table.rows_) print(row.cells, row.colour);
}

std::string Output::paint(const std::string& text, Colour colour) const {
  if (colour == Colour::none || !around_.out_is_terminal) return text;
  return escape_of(colour) + text + "\x1b[0m";
}

std::span<const char* const> far_commands() {
  static constexpr const char* all[] = {"run",   "submit",  "list",   "show",  "why",
                                        "logs",  "wait",    "stop",   "nodes", "top",
                                        "pilot", "reserve", "metrics"};
  return all;
}

bool asks_far(std::string_view command) {
  const auto all = far_commands();
  return std::find(all.begin(), all.end(), command) != all.end();
}

int Output::fail(const Error& wrong) {
  Error error = wrong;
  error.hint = to_whom(error.hint);
  if (json()) around_.err(to_json(error) + "\n");
  else around_.err("gang: " + printable(in_local_time(error.sentence()), true) + "\n");
  return exit_code_of(error);
}

std::string Output::next(const std::string& words) const { return to_whom("`gang " + words + "`"); }

std::string Output::to_whom(const std::string& text) const {
  const std::string& whom = around_.whom_flag;
  if (whom.empty()) return text;
  constexpr std::string_view begin = "`gang ";
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = 0; (at = text.find(begin, at)) != std::string::npos;) {
    at += begin.size();
    const std::size_t behind = std::min(text.find_first_of(" `", at), text.size());
    if (!asks_far(text.substr(at, behind - at)) || text.find(whom, behind) == behind + 1) continue;
    out += text.substr(done, behind - done) + " " + whom;
    done = behind;
  }
  return out + text.substr(done);
}

}  // namespace gangline
