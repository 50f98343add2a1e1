#include "replay/input/row.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "replay/input/amounts.h"

namespace gangline {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

const std::vector<std::string_view>& FieldCutter::cut(std::string_view line, Why& why) {
  fields_.clear();
  if (separator_ == ' ') {
    cut_at_blanks(line);
  } else if (separator_ == ',' && line.find('"') != std::string_view::npos) {
    cut_quoted(line, why);
  } else {
    for (;;) {
      const auto at = line.find(separator_);
      fields_.push_back(line.substr(0, at));
      if (at == std::string_view::npos) break;
      line.remove_prefix(at + 1);
    }
  }
  return fields_;
}

void FieldCutter::cut_at_blanks(std::string_view line) {
  constexpr std::string_view blanks = " \t";
  for (;;) {
    const auto begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return;
    line.remove_prefix(begin);
    const auto end = line.find_first_of(blanks);
    fields_.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return;
    line.remove_prefix(end);
  }
}

void FieldCutter::cut_quoted(std::string_view line, Why& why) {
  unquoted_.clear();
  unquoted_.reserve(line.size());  // so that views into it stay
  std::size_t at = 0;
  for (;;) {
    const std::size_t begin = unquoted_.size();
    bool quoted = at < line.size() && line[at] == '"';
    if (quoted) ++at;
    for (; at < line.size(); ++at) {
      if (line[at] == '"' && quoted) {
        const bool doubled = at + 1 < line.size() && line[at + 1] == '"';
        if (!doubled) {
          quoted = false;
          continue;
        }
        ++at;
      } else if (line[at] == separator_ && !quoted) {
        break;
      }
      unquoted_ += line[at];
    }
    if (quoted) why.say("a quote is not closed on its line");
    fields_.push_back(std::string_view(unquoted_).substr(begin));
    if (at >= line.size()) return;
    ++at;
  }
}

Header::Header(std::span<const std::string_view> names) {
  for (const std::string_view name : names) names_.push_back(lower(trim(name)));
}

Column Header::find(std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names) {
    const auto found = std::find(names_.begin(), names_.end(), lower(name));
    if (found != names_.end()) return {static_cast<std::size_t>(found - names_.begin()), name};
  }
  return {Column::nowhere, names.size() == 0 ? std::string_view() : *names.begin()};
}

std::string_view Row::text(const Column& column) const {
  return column.at < fields_.size() ? trim(fields_[column.at]) : std::string_view();
}

double Row::number(const Column& column) const {
  const auto value = parse_decimal(text(column));
  if (!value) refuse(column, "is no number");
  return value.value_or(0);
}

std::int64_t Row::whole(const Column& column, std::int64_t least, std::int64_t most) const {
  const auto value = parse_whole(text(column));
  if (!value) refuse(column, "is no whole number");
  else if (*value < least) refuse(column, "is too small");
  else if (*value > most) refuse(column, "is too large");
  return value.value_or(0);
}

Span Row::span(const Column& column) const {
  const auto seconds = parse_decimal(text(column));
  const auto span = seconds ? span_of_seconds(*seconds) : std::nullopt;
  if (!seconds) refuse(column, "is no number");
  else if (*seconds < 0) refuse(column, "is negative");
  else if (!span) refuse(column, "is longer than 100 years");
  return span.value_or(Span{0});
}

Time Row::time(const Column& column) const {
  const auto time = parse_time(text(column));
  if (!time) refuse(column, "is no time between 1970 and 2200");
  return time.value_or(Time{0});
}

std::optional<Span> Row::span_if_any(const Column& column) const {
  return has(column) ? std::optional(span(column)) : std::nullopt;
}

std::optional<Time> Row::time_if_any(const Column& column) const {
  return has(column) ? std::optional(time(column)) : std::nullopt;
}

void Row::refuse(const Column& column, const char* is_what) const {
  const std::string name = "'" + std::string(column.name) + "'";
  const std::string_view there = text(column);
  if (!column.there()) return why_->say("there is no column " + name);
  if (there.empty()) return why_->say(name + " is empty");
  const std::string brief = name + " " + is_what;
  why_->say(brief, brief + ": '" + printable(clipped(there)) + "'");
}

}  // namespace gangline
