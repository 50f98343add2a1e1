#include "engine/slurm/site/scontrol_line.h"

namespace gangline {

std::string_view word_of(std::string_view line, std::string_view key) {
  for (std::size_t at = 0; (at = line.find(key, at)) != std::string_view::npos; ++at) {
    const std::string_view rest = line.substr(at + key.size());
    if ((at == 0 || line[at - 1] == ' ') && rest.starts_with('='))
      return rest.substr(1,
                         rest.find(' ') == std::string_view::npos ? rest.npos : rest.find(' ') - 1);
  }
  return {};
}

std::uint32_t number_or(std::string_view text, std::uint32_t otherwise) {
  const auto number = parse_number(text);
  return number && *number <= 0xffff'ffff ? static_cast<std::uint32_t>(*number) : otherwise;
}

std::vector<std::string> gres_parts(std::string_view text, bool brackets) {
  std::vector<std::string> parts(1);
  std::size_t depth = 0;
  for (const char c : text) {
    if (c == '(') ++depth;
    if (depth == 0 && c == ',') parts.emplace_back();
    else if (depth == 0 ? c != ')' : brackets) parts.back() += c;
    if (c == ')') depth -= depth > 0;
  }
  return parts;
}

bool read_gpu_count(std::string_view part, GpuCount& counted) {
  counted = {};
  auto words = split(part, ':');
  if (words.front() == "gres") words.erase(words.begin());
  std::erase(words, "no_consume");
  if (words.empty() || words.front() != "gpu") return true;
  if (words.size() > 3) return false;
  const auto count =
      words.size() > 1 ? parse_number(words.back()) : std::optional<std::uint64_t>(1);
  if (words.size() == 3 && !count) return false;
  if (words.size() == 3 || !count) counted.type = words[1];
  counted.count = count.value_or(1);
  return true;
}

}  // namespace gangline
