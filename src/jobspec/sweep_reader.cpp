#include <charconv>
#include <cstdint>

#include "base/text.h"
#include "jobspec/job_reader.h"
#include "jobspec/read_value.h"
#include "model/job.h"

namespace gangline {
namespace {

struct Range {
  std::int64_t first = 0, last = 0;
  std::uint64_t step = 1;
  std::size_t width = 0;  // digits, where there are zeros in front
};

std::optional<std::int64_t> take_number(std::string_view& rest) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc{}) return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return number;
}

std::size_t width_of(std::string_view number) {
  const bool padded = number.size() > 1 && number[0] == '0';
  return padded ? number.size() : 0;
}

std::optional<Range> parse_range(std::string_view text) {
  text = trim(text);
  std::string_view rest = text;
  Range range;
  const auto first = take_number(rest);
  if (!first || !rest.starts_with("..")) return std::nullopt;
  range.width = width_of(text.substr(0, text.size() - rest.size()));
  rest.remove_prefix(2);
  const auto last = take_number(rest);
  if (!last) return std::nullopt;
  range.first = *first;
  range.last = *last;
  rest = trim(rest);
  if (rest.empty()) return range;
  if (!rest.starts_with("step ")) return std::nullopt;
  const auto step = parse_number(trim(rest.substr(5)));
  if (!step || *step == 0) return std::nullopt;
  range.step = *step;
  return range;
}

std::string padded(std::int64_t number, std::size_t width) {
  std::string text = std::to_string(number);
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

// Whether it has the form of a range, well written or not.
bool looks_like_range(std::string_view text) {
  text = trim(text);
  const bool number = !text.empty() && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
  return number && text.find("..") != std::string_view::npos;
}

// All numbers of "1..8" or "0..100 step 10", both ends included. "01..10" keeps its width.
Result<std::vector<std::string>> range_values(std::string_view text) {
  constexpr std::size_t longest = 128;
  const std::string shown = "'" + printable(text.substr(0, longest)) + "'";
  const auto range = text.size() <= longest ? parse_range(text) : std::nullopt;
  if (!range)
    return Error{ErrorKind::usage, shown + " is not a range of whole numbers", "",
                 "write it like 1..8 or 0..100 step 10"};
  if (range->first > range->last)
    return Error{ErrorKind::usage, "the range " + shown + " runs backwards", "",
                 "write the smaller number first"};
  const std::uint64_t distance =
      static_cast<std::uint64_t>(range->last) - static_cast<std::uint64_t>(range->first);
  if (distance / range->step >= most_gangs_in_a_job)
    return Error{ErrorKind::usage,
                 "the range " + shown + " holds more than " + std::to_string(most_gangs_in_a_job) +
                     " numbers, which is the most gangs of a job",
                 "", ""};
  std::vector<std::string> values;
  for (std::uint64_t n = 0; n <= distance / range->step; ++n)
    values.push_back(padded(
        static_cast<std::int64_t>(static_cast<std::uint64_t>(range->first) + n * range->step),
        range->width));
  return values;
}

std::vector<std::string> read_range(Key key, Mistakes& mistakes) {
  auto values = range_values(key.value.text);
  if (values) return *std::move(values);
  mistakes.add(key.value.place, values.error().what, values.error().hint);
  return {};
}

std::vector<std::string> read_values(Key key, Mistakes& mistakes) {
  const WrittenKind kind = key.value.kind;
  const bool is_list = kind == WrittenKind::list;
  const bool is_range = (kind == WrittenKind::text || kind == WrittenKind::typed) &&
                        key.value.text.find(',') == std::string::npos &&
                        looks_like_range(key.value.text);
  if (is_range) return read_range(key, mistakes);
  if (is_list && key.value.items.empty()) {
    mistakes.add(key.value.place, printable(key.name) + " has no values", "give it one at least");
    return {};
  }
  if (is_list || kind == WrittenKind::typed)
    return read_texts(key, mistakes).value_or(std::vector<std::string>{});
  const bool of_one = kind != WrittenKind::table;
  const char* quote = kind == WrittenKind::text ? "\"" : "";
  add_wrong_kind(
      key, "a list or a range", mistakes,
      of_one ? "write [" + (quote + printable(key.value.text)) + quote + "] or \"1..8\"" : "");
  return {};
}

}  // namespace

std::vector<SweepAxis> read_sweep(const Written& sweep, Mistakes& mistakes) {
  std::vector<SweepAxis> axes;
  if (sweep.kind != WrittenKind::table) {
    add_wrong_kind({"sweep", sweep}, "a table", mistakes, "write [sweep] and lr = [0.1, 0.01]");
    return axes;
  }
  for (const WrittenEntry& entry : sweep.entries)
    axes.push_back({entry.name, read_values({entry.name, entry.value}, mistakes)});
  return axes;
}

}  // namespace gangline
