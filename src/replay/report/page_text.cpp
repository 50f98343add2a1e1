#include "replay/report/page_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/text.h"

namespace gangline {
namespace {

/// So many characters of well-formed text, and whether there was more.
std::string_view front_of(std::string_view text, std::size_t characters) {
  std::size_t bytes = 0;
  while (bytes < text.size() && characters-- > 0)
    bytes += std::max<std::size_t>(1, utf8_length(text.substr(bytes)));
  return text.substr(0, bytes);
}

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string with_commas(std::string digits) {
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    if (digits[at - 1] != '-') digits.insert(at, 1, ',');
  }
  return digits;
}

std::string places(double value, int after_point) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", after_point, value);
  return text;
}

}  // namespace

std::string shown(std::string_view text, std::size_t longest) {
  const std::string_view front = front_of(text, longest);
  const std::string readable = printable(front);
  const std::string_view cut = front_of(readable, longest);
  const bool more = front.size() < text.size() || cut.size() < readable.size();
  return escaped(cut) + (more ? "…" : "");
}

std::string counted(std::uint64_t n) { return with_commas(std::to_string(n)); }

std::string figure(double value) {
  constexpr double too_long = 1e15;
  const double size = std::abs(value);
  if (!std::isfinite(value)) return unknown_text;
  if (size >= too_long) return "more than 10^15";
  if (size >= 999.5) return with_commas(places(value, 0));
  if (size == std::floor(size)) return places(value, 0);
  return places(value, size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.1 ? 2 : 3);
}

std::string percent(double part) {
  return std::isfinite(part) ? places(100 * part, 1) + " %" : unknown_text;
}

std::string lasting(double seconds) {
  constexpr double longest = 1e12;
  if (!std::isfinite(seconds)) return unknown_text;
  const double bounded = std::min(longest, std::abs(seconds));
  const std::string text = format(Span{static_cast<std::int64_t>(std::llround(bounded * 1e6))});
  return (seconds < 0 ? "-" : "") + text;
}

std::string decimal(double value) {
  constexpr double farthest = 1e9;
  if (!std::isfinite(value)) return "0";
  std::string text = places(std::clamp(value, -farthest, farthest), 2);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string several(std::uint64_t n, const std::string& word) {
  return counted(n) + " " + word + (n == 1 ? "" : "s");
}

}  // namespace gangline
