#include "control/watching/numbers.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace gangline {
namespace {

constexpr std::size_t longest_number_name = 64;

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == '/' || c == '@' || c == '%';
}
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool ends_number(char c) { return is_blank(c) || c == '\n' || c == ',' || c == '}' || c == ';'; }

/// The number that begins at `at` and ends with it; moves behind it.
std::optional<double> number_at(std::string_view text, std::size_t& at) {
  double value = 0;
  const char* const begin = text.data() + at;
  const char* const end = text.data() + text.size();
  const auto [stop, trouble] = std::from_chars(begin, end, value);
  if (trouble != std::errc() || !std::isfinite(value)) return std::nullopt;
  if (stop != end && !ends_number(*stop)) return std::nullopt;
  at += static_cast<std::size_t>(stop - begin);
  return value;
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return is_blank(c) || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

void skip_blanks(std::string_view text, std::size_t& at) {
  while (at < text.size() && is_blank(text[at])) ++at;
}

}  // namespace

std::vector<std::pair<std::string, double>> numbers_in(std::string_view text, std::size_t most) {
  std::vector<std::pair<std::string, double>> numbers;
  std::size_t alone = 0;
  const std::string_view whole = trimmed(text);
  if (const auto value = whole.empty() ? std::nullopt : number_at(whole, alone);
      value && alone == whole.size())
    return {{"value", *value}};
  for (std::size_t at = 0; at < text.size() && numbers.size() < most;) {
    const std::size_t begin = at;
    while (at < text.size() && is_name(text[at])) ++at;
    if (at == begin) {
      ++at;
      continue;
    }
    const std::string_view name = text.substr(begin, at - begin);
    if (name.front() >= '0' && name.front() <= '9') continue;
    std::size_t next = at;
    if (next < text.size() && text[next] == '"') ++next;
    skip_blanks(text, next);
    if (next >= text.size() || (text[next] != '=' && text[next] != ':')) continue;
    ++next;
    skip_blanks(text, next);
    const auto value = number_at(text, next);
    if (!value || name.size() > longest_number_name) continue;
    at = next;
    const auto same = std::find_if(numbers.begin(), numbers.end(),
                                   [&](const auto& known) { return known.first == name; });
    if (same != numbers.end()) same->second = *value;
    else numbers.emplace_back(name, *value);
  }
  return numbers;
}

}  // namespace gangline
