#include "engine/slurm/node/node_lists.h"

#include <algorithm>

#include "base/text.h"

namespace gangline {
namespace {

/// At the commas that are not in brackets.
std::vector<std::string_view> split_outside_brackets(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[' || text[i] == '(') ++depth;
    if (text[i] == ']' || text[i] == ')') --depth;
    if (text[i] != ',' || depth > 0) continue;
    parts.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

struct Numbers {
  std::uint64_t first = 0, last = 0;
  std::size_t width = 0;  // of the first, zeros included
};

std::optional<Numbers> numbers_from(std::string_view text) {
  const std::size_t dash = text.find('-');
  const std::string_view from = text.substr(0, dash);
  const auto first = parse_number(from);
  const auto last = dash == std::string_view::npos ? first : parse_number(text.substr(dash + 1));
  if (!first || !last || *last < *first || *last - *first >= longest_node_list) return std::nullopt;
  return Numbers{*first, *last, from.size()};
}

std::string padded(std::uint64_t number, std::size_t width) {
  const std::string digits = std::to_string(number);
  return std::string(width > digits.size() ? width - digits.size() : 0, '0') + digits;
}

/// Each of `heads` with each of what stands in the brackets.
bool append_bracket(std::vector<std::string>& heads, std::string_view inside) {
  std::vector<std::string> all;
  for (const std::string& head : heads)
    for (const std::string_view part : split(inside, ',')) {
      const auto numbers = numbers_from(part);
      if (!numbers) return false;
      for (std::uint64_t n = numbers->first; n <= numbers->last; ++n) {
        if (all.size() >= longest_node_list) return false;
        all.push_back(head + padded(n, numbers->width));
      }
    }
  heads = std::move(all);
  return true;
}

bool append_names(std::string_view text, std::vector<std::string>& names) {
  std::vector<std::string> heads{""};
  while (!text.empty()) {
    const std::size_t open = text.find('[');
    for (std::string& head : heads) head += text.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = text.find(']', open);
    if (close == std::string_view::npos ||
        !append_bracket(heads, text.substr(open + 1, close - open - 1)))
      return false;
    text = text.substr(close + 1);
  }
  for (std::string& head : heads) {
    if (head.empty() || head.find_first_of(" ]/\n") != std::string::npos) return false;
    names.push_back(std::move(head));
  }
  return names.size() <= longest_node_list;
}

/// The value of `KEY=` that is nearest to the front, up to the next blank.
std::string_view value_of(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  text = text.substr(at + key.size());
  return text.substr(0, text.find_first_of(" \n"));
}

/// "gpu:h100:4(IDX:0-1,4),license:1" to 0, 1, 4. Of several models all.
std::vector<std::uint32_t> gpu_numbers(std::string_view gres) {
  std::vector<std::uint32_t> all;
  for (const std::string_view part : split_outside_brackets(gres)) {
    const std::size_t begin = part.find("(IDX:");
    if (!(part.starts_with("gpu:") || part.starts_with("gpu(")) || begin == std::string_view::npos)
      continue;
    const std::string_view inside = part.substr(begin + 5);
    const auto numbers = expand_numbers(inside.substr(0, inside.find(')')));
    if (numbers) all.insert(all.end(), numbers->begin(), numbers->end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

std::optional<std::vector<std::string>> expand_node_list(std::string_view text) {
  std::vector<std::string> names;
  for (const std::string_view part : split_outside_brackets(trim(text)))
    if (!append_names(part, names)) return std::nullopt;
  if (names.empty()) return std::nullopt;
  return names;
}

std::optional<std::vector<std::uint32_t>> expand_counts(std::string_view text) {
  std::vector<std::uint32_t> counts;
  for (const std::string_view part : split(trim(text), ',')) {
    const std::size_t open = part.find("(x");
    const auto count = parse_number(part.substr(0, open));
    auto times = std::optional<std::uint64_t>(1);
    if (open != std::string_view::npos) {
      if (part.back() != ')') return std::nullopt;
      times = parse_number(part.substr(open + 2, part.size() - open - 3));
    }
    if (!count || !times || *count > longest_node_list ||
        *times > longest_node_list - counts.size())
      return std::nullopt;
    counts.insert(counts.end(), *times, static_cast<std::uint32_t>(*count));
  }
  return counts;
}

std::optional<std::vector<std::uint32_t>> expand_numbers(std::string_view text) {
  std::vector<std::uint32_t> all;
  if (text.empty()) return all;
  for (const std::string_view part : split(text, ',')) {
    const auto numbers = numbers_from(part);
    if (!numbers || numbers->last >= longest_node_list) return std::nullopt;
    for (std::uint64_t n = numbers->first; n <= numbers->last; ++n)
      all.push_back(static_cast<std::uint32_t>(n));
    if (all.size() > longest_node_list) return std::nullopt;
  }
  return all;
}

std::map<std::string, std::vector<std::uint32_t>> gpus_by_node(std::string_view job) {
  std::map<std::string, std::vector<std::uint32_t>> found;
  constexpr std::string_view nodes = " Nodes=";
  std::size_t at = job.find(nodes);
  while (at != std::string_view::npos) {
    const std::size_t next = job.find(nodes, at + nodes.size());
    const std::string_view group =
        job.substr(at, next == std::string_view::npos ? next : next - at);
    const auto names = expand_node_list(value_of(group, nodes));
    const auto numbers = gpu_numbers(value_of(group, " GRES="));
    if (names && !numbers.empty())
      for (const std::string& name : *names) found[name] = numbers;
    at = next;
  }
  return found;
}

}  // namespace gangline
