// A line cut into fields, and the fields understood by the names of their columns.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "replay/input/draft.h"

namespace gangline {

/// Cuts lines at a separator; at ',' by the rules of CSV: a field in double quotes may hold commas
/// and, doubled, quotes. A quoted field ends on its line. A blank separates by any number of
/// blanks and tabs.
class FieldCutter {
 public:
  explicit FieldCutter(char separator) : separator_(separator) {}

  /// Valid until the next call. Says why it could not be cut.
  const std::vector<std::string_view>& cut(std::string_view line, Why& why);

 private:
  void cut_at_blanks(std::string_view line);
  void cut_quoted(std::string_view line, Why& why);

  char separator_;
  std::vector<std::string_view> fields_;
  std::string unquoted_;
};

/// A column by its place, with the name that it has in sentences.
struct Column {
  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);
  std::size_t at = nowhere;
  std::string_view name;  ///< a text that lives for ever
  bool there() const { return at != nowhere; }
};

/// The names of the columns, from the first line. Upper and lower case are the same.
class Header {
 public:
  explicit Header(std::span<const std::string_view> names);
  /// The first of these names that there is; `there()` says whether there is any.
  Column find(std::initializer_list<std::string_view> names) const;
  Column find(std::string_view name) const { return find({name}); }
  bool has(std::string_view name) const { return find(name).there(); }
  std::size_t size() const { return names_.size(); }

 private:
  std::vector<std::string> names_;  ///< lower case
};

/// Each function answers with 0, nothing or an empty text where it says why to `why`.
class Row {
 public:
  Row(std::span<const std::string_view> fields, Why& why) : fields_(fields), why_(&why) {}

  /// Without blanks around; empty for a column that is not there.
  std::string_view text(const Column& column) const;
  std::string kept(const Column& column) const { return kept_text(text(column)); }
  bool has(const Column& column) const { return !text(column).empty(); }

  double number(const Column& column) const;
  std::int64_t whole(const Column& column, std::int64_t least, std::int64_t most) const;
  Span span(const Column& column) const;  ///< of seconds
  Time time(const Column& column) const;
  std::optional<Span> span_if_any(const Column& column) const;
  std::optional<Time> time_if_any(const Column& column) const;

  /// "'duration' is no number", with what stands there as the detail.
  void refuse(const Column& column, const char* is_what) const;
  Why& why() const { return *why_; }

 private:
  std::span<const std::string_view> fields_;
  Why* why_;
};

/// Limit on counts in a log: GPUs, CPUs, processors of one job.
constexpr std::int64_t most_of_a_kind = 100'000'000;

}  // namespace gangline
