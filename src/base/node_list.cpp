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

}  // namespace gangline
