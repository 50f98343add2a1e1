#include "replay/input/recognise.h"

#include <algorithm>

#include "base/text.h"
#include "replay/input/amounts.h"
#include "replay/input/input.h"
#include "replay/input/row.h"

namespace gangline {
namespace {

std::string listed(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

// Known mistakes, each with what to do.
struct Lookalike {
  bool (*is)(std::string_view head, std::string_view name);
  const char* what;
  const char* hint;
};

bool is_binary(std::string_view head, std::string_view) {
  return head.substr(0, 4096).find('\0') != std::string_view::npos;
}

bool is_sacct_for_people(std::string_view head, std::string_view) {
  const auto end = head.find('\n');
  if (end == std::string_view::npos) return false;
  return trim(head.substr(0, end)).starts_with("JobID") &&
         trim(head.substr(end)).starts_with("-----");
}

bool is_scontrol_jobs(std::string_view head, std::string_view) {
  return json_says(head, "jobs") && json_says(head, "job_state");
}

bool is_named_swf(std::string_view, std::string_view name) {
  return name.ends_with(".swf") || name.ends_with(".swf.gz");
}

bool has_fields_with_semicolons(std::string_view head, std::string_view) {
  const auto line = first_line(head);
  return std::count(line.begin(), line.end(), ';') >= 3;
}

constexpr Lookalike lookalikes[] = {
    {is_binary, "this is no text: it holds NUL bytes",
     "write it as UTF-8 text, or unpack it if it is an archive"},
    {is_sacct_for_people, "this is what sacct prints for people, with columns cut off",
     "run sacct again with -P"},
    {is_scontrol_jobs, "this is what scontrol shows of jobs that still are, not a history",
     "use sacct -a --json"},
    {is_named_swf,
     "it is named .swf, but its lines are not the 18 numbers separated by blanks that the Standard "
     "Workload Format has",
     "write it as plain CSV with the columns submitted,run,gpus or cpus"},
    {has_fields_with_semicolons, "its fields are separated by ';', which no known format does",
     "write it as plain CSV with ',' between the columns submitted,run,gpus or cpus"},
};

}  // namespace

std::string_view first_line(std::string_view head, char comment) {
  while (!head.empty()) {
    const auto end = head.find('\n');
    const std::string_view line = trim(head.substr(0, end));
    if (!line.empty() && !(comment != 0 && line.front() == comment)) return line;
    if (end == std::string_view::npos) return {};
    head.remove_prefix(end + 1);
  }
  return {};
}

bool names_columns(std::string_view head, char separator,
                   std::initializer_list<std::string_view> columns) {
  constexpr std::size_t longest_header = 8 << 10;
  const std::string_view line = first_line(head).substr(0, longest_header);
  Why why;
  FieldCutter cutter(separator);
  const Header header(cutter.cut(line, why));
  return !why.said() && std::all_of(columns.begin(), columns.end(),
                                    [&](std::string_view name) { return header.has(name); });
}

bool json_says(std::string_view head, std::string_view key, std::string_view value) {
  if (!first_line(head).starts_with('{')) return false;
  const std::string quoted = '"' + std::string(key) + '"';
  const std::string wanted = '"' + std::string(value) + '"';
  for (auto at = head.find(quoted); at != std::string_view::npos; at = head.find(quoted, at + 1)) {
    std::string_view rest = trim(head.substr(at + quoted.size()));
    if (!rest.starts_with(':')) continue;
    rest = trim(rest.substr(1, 64 + wanted.size()));
    if (value.empty() || rest.starts_with(wanted)) return true;
  }
  return false;
}

Error unknown_format(const Input& input, const char* wanted,
                     std::span<const std::string_view> formats) {
  for (const Lookalike& lookalike : lookalikes)
    if (lookalike.is(input.window(), input.name()))
      return {ErrorKind::refused, lookalike.what, input.name(), lookalike.hint};
  return {ErrorKind::refused,
          std::string("this is ") + wanted + " of no format that is known; it begins with '" +
              printable(clipped(first_line(input.window()))) + "'",
          input.name(), "name its format if it is one of these: " + listed(formats)};
}

Error no_such_format(std::string_view name, std::span<const std::string_view> formats) {
  const auto close = nearest(name, formats);
  return {ErrorKind::usage, "there is no format '" + printable(name) + "'", "",
          (close ? "did you mean '" + *close + "'? " : std::string()) +
              "the formats are: " + listed(formats)};
}

}  // namespace gangline
