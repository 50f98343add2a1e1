#include "replay/input/amounts.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

#include "base/text.h"

namespace gangline {
namespace {

// `width` digits at the front of `text`, which is shortened by them.
std::optional<int> take_digits(std::string_view& text, std::size_t width) {
  if (text.size() < width) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, width)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// ".123456" in microseconds; 0 where there is none.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
  if (!take(text, '.') && !take(text, ',')) return 0;
  std::int64_t us = 0;
  std::int64_t unit = 100'000;
  std::size_t n = 0;
  for (; n < text.size() && text[n] >= '0' && text[n] <= '9'; ++n, unit /= 10)
    us += unit * (text[n] - '0');
  if (n == 0) return std::nullopt;
  text.remove_prefix(n);
  return us;
}

// "Z", "+08:00", "+0800", "+08" or nothing, as what is to be taken off.
std::optional<Span> zone_of(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z") return Span{0};
  const bool ahead = take(text, '+');
  if (!ahead && !take(text, '-')) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23) return std::nullopt;
  int minute = 0;
  if (!text.empty()) {
    take(text, ':');
    const auto digits = take_digits(text, 2);
    if (!digits || *digits > 59 || !text.empty()) return std::nullopt;
    minute = *digits;
  }
  const Span off = hours(*hour) + minutes(minute);
  return ahead ? off : Span{-off.us};
}

// "00:18:22" or "00:18", each within its limits.
std::optional<Span> take_clock(std::string_view& text) {
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 24 || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  Span clock = hours(*hour) + minutes(*minute);
  if (!take(text, ':')) return clock;
  const auto second = take_digits(text, 2);
  if (!second || *second > 60) return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  return clock + seconds(*second) + microseconds(*fraction);
}

std::optional<Time> parse_date_and_time(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *year < 1969 || *year > 2200) return std::nullopt;
  Span clock{0};
  Span zone{0};
  if (!text.empty()) {
    if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
    const auto read = take_clock(text);
    if (!read) return std::nullopt;
    clock = *read;
    const auto off = zone_of(trim(text));
    if (!off) return std::nullopt;
    zone = *off;
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  const Time at = Time{hours(24 * std::int64_t{days}).us} + clock - zone;
  if (at < Time{0} || at > latest_time_in_a_log) return std::nullopt;
  return at;
}

}  // namespace

std::optional<double> parse_decimal(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() ||
      !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::optional<std::int64_t> parse_whole(std::string_view text) {
  constexpr double exact = 9'007'199'254'740'992.0;
  const auto value = parse_decimal(text);
  if (!value || std::abs(*value) > exact || std::trunc(*value) != *value) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

std::optional<Span> span_of_seconds(double seconds) {
  if (!(seconds >= 0) || seconds > to_seconds(longest_span_in_a_log)) return std::nullopt;
  return Span{std::llround(seconds * 1e6)};
}

std::optional<Time> time_of_seconds(double seconds) {
  if (!(seconds >= 0) || seconds > static_cast<double>(latest_time_in_a_log.us) / 1e6)
    return std::nullopt;
  return Time{std::llround(seconds * 1e6)};
}

std::optional<Time> parse_time(std::string_view text) {
  if (text.size() >= 5 && text[4] == '-') return parse_date_and_time(text);
  const auto seconds = parse_decimal(text);
  return seconds ? time_of_seconds(*seconds) : std::nullopt;
}

std::optional<Span> parse_slurm_span(std::string_view text) {
  double days = 0;
  const bool with_days = text.find('-', 1) != std::string_view::npos;
  if (with_days) {
    const auto at = text.find('-');
    const auto count = parse_number(text.substr(0, at));
    if (!count || *count > 40'000) return std::nullopt;
    days = static_cast<double>(*count);
    text.remove_prefix(at + 1);
  }
  const auto parts = split(text, ':');
  if (parts.size() > 3) return std::nullopt;
  std::array<double, 3> numbers{};  // hours, minutes, seconds, filled from the right
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto number = parse_decimal(parts[i]);
    if (!number || *number < 0) return std::nullopt;
    numbers[3 - parts.size() + i] = *number;
  }
  // Behind days the first number counts hours, otherwise the last one counts seconds.
  if (with_days && parts.size() == 1) numbers = {numbers[2], 0, 0};
  if (with_days && parts.size() == 2) numbers = {numbers[1], numbers[2], 0};
  return span_of_seconds(((days * 24 + numbers[0]) * 60 + numbers[1]) * 60 + numbers[2]);
}

std::string_view clipped(std::string_view text, std::size_t most) { return text.substr(0, most); }

}  // namespace gangline
