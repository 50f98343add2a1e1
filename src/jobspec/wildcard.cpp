#include "jobspec/wildcard.h"

#include <cstddef>

namespace gangline {
namespace {

// Length of `[…]` at the front of `pattern`, 0 if it does not end.
std::size_t set_length(std::string_view pattern) {
  std::size_t at = 1;
  if (at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^')) ++at;
  if (at < pattern.size() && pattern[at] == ']') ++at;  // in front it is one of the characters
  while (at < pattern.size() && pattern[at] != ']') ++at;
  return at < pattern.size() ? at + 1 : 0;
}

// `set` with its brackets.
bool in_set(std::string_view set, char character) {
  const auto c = static_cast<unsigned char>(character);
  std::size_t at = 1;
  const bool inverted = set[at] == '!' || set[at] == '^';
  if (inverted) ++at;
  bool found = false;
  while (at < set.size() - 1) {
    const auto low = static_cast<unsigned char>(set[at]);
    const bool is_span = at + 2 < set.size() - 1 && set[at + 1] == '-';
    const auto high = is_span ? static_cast<unsigned char>(set[at + 2]) : low;
    if (low <= c && c <= high) found = true;
    at += is_span ? 3 : 1;
  }
  return found != inverted;
}

std::size_t character_length(std::string_view text) {
  std::size_t n = 1;
  while (n < text.size() && (static_cast<unsigned char>(text[n]) & 0xc0) == 0x80) ++n;
  return n;
}

// Takes one character of `name` and what stands for it in `pattern`, if they fit.
bool take_one(std::string_view& pattern, std::string_view& name) {
  if (pattern.empty() || name.empty()) return false;
  if (pattern[0] == '?') {
    pattern.remove_prefix(1);
    name.remove_prefix(character_length(name));
    return true;
  }
  std::size_t length = pattern[0] == '[' ? set_length(pattern) : 0;
  if (length > 0) {
    if (!in_set(pattern.substr(0, length), name[0])) return false;
  } else {
    length = pattern[0] == '\\' && pattern.size() > 1 ? 2 : 1;
    if (pattern[length - 1] != name[0]) return false;
  }
  pattern.remove_prefix(length);
  name.remove_prefix(1);
  return true;
}

}  // namespace

bool matches_wildcard(std::string_view pattern, std::string_view name) {
  if (name.starts_with('.') && !pattern.starts_with('.') && !pattern.starts_with("\\."))
    return false;
  // Only the last `*` needs to be tried with more characters: what stood between two of them has
  // been found as early as can be.
  bool star = false;
  std::string_view pattern_behind_star, name_behind_star;
  while (!name.empty() || !pattern.empty()) {
    if (pattern.starts_with('*')) {
      pattern.remove_prefix(1);
      star = true;
      pattern_behind_star = pattern;
      name_behind_star = name;
    } else if (!take_one(pattern, name)) {
      if (!star || name_behind_star.empty()) return false;
      name_behind_star.remove_prefix(1);
      pattern = pattern_behind_star;
      name = name_behind_star;
    }
  }
  return true;
}

bool has_wildcard(std::string_view pattern) {
  return pattern.find_first_of("*?[\\") != std::string_view::npos;
}

}  // namespace gangline
