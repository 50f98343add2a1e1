#include "engine/slurm/node/node_lists.h"

#include <algorithm>

#include "base/node_list.h"
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
};

std::optional<Numbers> numbers_from(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_number(text.substr(dash + 1));
  if (!first || !last || *last < *first || *last - *first >= most_nodes_in_a_list)
    return std::nullopt;
  return Numbers{*first, *last};
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
    if (!count || !times || *count > most_nodes_in_a_list ||
        *times > most_nodes_in_a_list - counts.size())
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
    if (!numbers || numbers->last >= most_nodes_in_a_list) return std::nullopt;
    for (std::uint64_t n = numbers->first; n <= numbers->last; ++n)
      all.push_back(static_cast<std::uint32_t>(n));
    if (all.size() > most_nodes_in_a_list) return std::nullopt;
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
