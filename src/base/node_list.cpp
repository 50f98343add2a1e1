#include "base/node_list.h"

#include <string>

#include "base/text.h"

namespace gangline {
namespace {

constexpr std::size_t longest_number = 9;

// "001-003" with the width that it was written in.
bool add_range(std::string_view range, std::vector<std::string>& numbers) {
  const auto ends = split(range, '-');
  const auto low = parse_number(ends.front());
  const auto high = parse_number(ends.back());
  const std::size_t width = ends.front().size();
  if (ends.size() > 2 || !low || !high || *high < *low || ends.back().size() > longest_number ||
      *high - *low >= most_nodes_in_a_list)
    return false;
  for (auto n = *low; n <= *high; ++n) {
    std::string number = std::to_string(n);
    if (number.size() < width) number.insert(0, width - number.size(), '0');
    numbers.push_back(std::move(number));
    if (numbers.size() > most_nodes_in_a_list) return false;
  }
  return true;
}

// One entry of the list, "r[1-2]n[1-4]".
bool add_expanded(std::string_view entry, std::vector<std::string>& names) {
  std::vector<std::string> found{""};
  while (!entry.empty()) {
    const auto open = entry.find('[');
    for (std::string& name : found) name += entry.substr(0, open);
    if (open == std::string_view::npos) break;
    const auto close = entry.find(']', open);
    if (close == std::string_view::npos) return false;
    std::vector<std::string> numbers;
    for (const auto range : split(entry.substr(open + 1, close - open - 1), ','))
      if (!add_range(range, numbers)) return false;
    if (found.size() * numbers.size() + names.size() > most_nodes_in_a_list) return false;
    std::vector<std::string> longer;
    for (const std::string& name : found)
      for (const std::string& number : numbers) longer.push_back(name + number);
    found = std::move(longer);
    entry.remove_prefix(close + 1);
  }
  names.insert(names.end(), found.begin(), found.end());
  return names.size() <= most_nodes_in_a_list;
}

}  // namespace

std::optional<std::vector<std::string>> expand_node_list(std::string_view text) {
  std::vector<std::string> names;
  bool in_brackets = false;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (at < text.size() && text[at] == '[') in_brackets = true;
    if (at < text.size() && text[at] == ']') in_brackets = false;
    if (at < text.size() && (text[at] != ',' || in_brackets)) continue;
    const auto entry = trim(text.substr(begin, at - begin));
    begin = at + 1;
    if (entry.empty()) continue;
    if (!add_expanded(entry, names)) return std::nullopt;
  }
  return names;
}

namespace {

/// "n007" is "n", 7 and three digits. No digits: no number.
struct Numbered {
  std::string_view front, digits;
  std::uint64_t number = 0;
};

Numbered numbered(std::string_view name) {
  constexpr std::size_t most_digits = 9;
  std::size_t at = name.size();
  while (at > 0 && name.size() - at < most_digits && name[at - 1] >= '0' && name[at - 1] <= '9')
    --at;
  return {name.substr(0, at), name.substr(at), parse_number(name.substr(at)).value_or(0)};
}

}  // namespace

std::string write_node_list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size();) {
    const Numbered first = numbered(names[i]);
    // All that have its front follow each other, in ranges.
    std::string ranges;
    std::size_t end = i, count = 0;
    while (end < names.size() && !first.digits.empty()) {
      const Numbered from = numbered(names[end]);
      if (from.front != first.front || from.digits.empty()) break;
      Numbered last = from;
      for (++end, ++count; end < names.size(); ++end, ++count) {
        const Numbered next = numbered(names[end]);
        if (next.front != from.front || next.digits.size() != from.digits.size() ||
            next.number != last.number + 1)
          break;
        last = next;
      }
      ranges += (ranges.empty() ? "" : ",") + std::string(from.digits);
      if (last.number != from.number) ranges += "-" + std::string(last.digits);
    }
    text += text.empty() ? "" : ",";
    if (count > 1) text += std::string(first.front) + "[" + ranges + "]";
    else text += names[i];
    i = std::max(end, i + 1);
  }
  return text;
}

}  // namespace gangline
