#include "engine/slurm/site/gpu_types.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/text.h"

namespace gangline {
namespace {

struct KnownType {
  std::string_view name;
  std::string_view vendor;
  std::int64_t gibibytes;  // of the smallest that is sold under this name; 0: they differ too much
};
constexpr KnownType known_types[] = {
    {"nvidia", "nvidia", 0}, {"tesla", "nvidia", 0},   {"geforce", "nvidia", 0},
    {"quadro", "nvidia", 0}, {"gb200", "nvidia", 180}, {"b200", "nvidia", 180},
    {"h200", "nvidia", 141}, {"gh200", "nvidia", 96},  {"h100", "nvidia", 80},
    {"h800", "nvidia", 80},  {"a100", "nvidia", 40},   {"a800", "nvidia", 40},
    {"a40", "nvidia", 48},   {"a30", "nvidia", 24},    {"a10", "nvidia", 24},
    {"l40", "nvidia", 48},   {"l40s", "nvidia", 48},   {"l4", "nvidia", 24},
    {"v100", "nvidia", 16},  {"v100s", "nvidia", 32},  {"p100", "nvidia", 12},
    {"t4", "nvidia", 16},    {"a6000", "nvidia", 48},  {"a5000", "nvidia", 24},
    {"a4000", "nvidia", 16}, {"2080", "nvidia", 8},    {"2080ti", "nvidia", 11},
    {"3090", "nvidia", 24},  {"4090", "nvidia", 24},   {"5090", "nvidia", 32},
    {"amd", "amd", 0},       {"instinct", "amd", 0},   {"radeon", "amd", 0},
    {"mi50", "amd", 16},     {"mi60", "amd", 32},      {"mi100", "amd", 32},
    {"mi210", "amd", 64},    {"mi250", "amd", 64},     {"mi250x", "amd", 64},
    {"mi300a", "amd", 128},  {"mi300x", "amd", 192},   {"mi325x", "amd", 256},
    {"intel", "intel", 0},   {"pvc", "intel", 0},
};

std::vector<std::string> words_of(std::string_view type) {
  std::vector<std::string> words(1);
  for (const char c : type) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u)) words.back() += static_cast<char>(std::tolower(u));
    else if (!words.back().empty()) words.emplace_back();
  }
  return words;
}

// "80gb" says 80; "1g" says 1, which parts of a GPU the slice has.
std::optional<std::int64_t> number_before(std::string_view word, std::string_view unit) {
  if (word.size() <= unit.size() || word.size() > unit.size() + 4 || !word.ends_with(unit))
    return std::nullopt;
  const auto number = parse_number(word.substr(0, word.size() - unit.size()));
  if (!number) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

}  // namespace

GpuTypeFacts gpu_type_facts(std::string_view type) {
  GpuTypeFacts facts;
  std::int64_t said = 0;
  for (std::string word : words_of(type)) {
    if (word.size() > 4 && word.starts_with("rtx")) word.erase(0, 3);
    if (const auto size = number_before(word, "gb")) said = *size;
    if (number_before(word, "g")) facts.vendor = "nvidia";  // a MIG slice
    const auto* known = std::find_if(std::begin(known_types), std::end(known_types),
                                     [&](const KnownType& k) { return k.name == word; });
    if (known == std::end(known_types)) continue;
    facts.vendor = known->vendor;
    if (known->gibibytes > 0) facts.memory = gibibytes(known->gibibytes);
  }
  if (said > 0) facts.memory = gibibytes(said);
  return facts;
}

}  // namespace gangline
