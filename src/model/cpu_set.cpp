#include "model/cpu_set.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/text.h"

namespace gangline {

CpuSet CpuSet::of(std::initializer_list<std::uint32_t> cpus) {
  CpuSet set;
  for (const std::uint32_t cpu : cpus) set.add(cpu);
  return set;
}

CpuSet CpuSet::first(std::uint32_t n) {
  CpuSet set;
  for (std::uint32_t cpu = 0; cpu < n; ++cpu) set.add(cpu);
  return set;
}

void CpuSet::add(std::uint32_t cpu) {
  CHECK(cpu < most_cpus);
  if (words_.size() <= cpu / 64) words_.resize(cpu / 64 + 1);
  words_[cpu / 64] |= std::uint64_t{1} << (cpu % 64);
}

void CpuSet::remove(std::uint32_t cpu) {
  if (cpu / 64 < words_.size()) words_[cpu / 64] &= ~(std::uint64_t{1} << (cpu % 64));
}

bool CpuSet::has(std::uint32_t cpu) const {
  return cpu / 64 < words_.size() && (words_[cpu / 64] >> (cpu % 64) & 1) != 0;
}

std::uint32_t CpuSet::count() const {
  std::uint32_t n = 0;
  for (const std::uint64_t word : words_) n += static_cast<std::uint32_t>(std::popcount(word));
  return n;
}

std::vector<std::uint32_t> CpuSet::list() const {
  std::vector<std::uint32_t> cpus;
  for (std::uint32_t cpu = 0; cpu < words_.size() * 64; ++cpu)
    if (has(cpu)) cpus.push_back(cpu);
  return cpus;
}

CpuSet CpuSet::operator|(const CpuSet& other) const {
  CpuSet all = *this;
  all.words_.resize(std::max(words_.size(), other.words_.size()));
  for (std::size_t i = 0; i < other.words_.size(); ++i) all.words_[i] |= other.words_[i];
  return all;
}

CpuSet CpuSet::operator&(const CpuSet& other) const {
  CpuSet both;
  both.words_.resize(std::min(words_.size(), other.words_.size()));
  for (std::size_t i = 0; i < both.words_.size(); ++i) both.words_[i] = words_[i] & other.words_[i];
  return both;
}

CpuSet CpuSet::minus(const CpuSet& other) const {
  CpuSet rest = *this;
  for (std::size_t i = 0; i < std::min(words_.size(), other.words_.size()); ++i)
    rest.words_[i] &= ~other.words_[i];
  return rest;
}

bool CpuSet::operator==(const CpuSet& other) const {
  for (std::size_t i = 0; i < std::max(words_.size(), other.words_.size()); ++i) {
    const std::uint64_t mine = i < words_.size() ? words_[i] : 0;
    if (mine != (i < other.words_.size() ? other.words_[i] : 0)) return false;
  }
  return true;
}

std::string CpuSet::text() const {
  std::string text;
  const std::vector<std::uint32_t> cpus = list();
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t j = i;
    while (j + 1 < cpus.size() && cpus[j + 1] == cpus[j] + 1) ++j;
    if (!text.empty()) text += ',';
    text += std::to_string(cpus[i]);
    if (j > i) text += '-' + std::to_string(cpus[j]);
    i = j + 1;
  }
  return text;
}

std::optional<CpuSet> CpuSet::parse(std::string_view text) {
  CpuSet set;
  text = trim(text);
  if (text.empty()) return set;
  for (const std::string_view range : split(text, ',')) {
    const auto ends = split(range, '-');
    const auto low = parse_number(ends.front());
    const auto high = parse_number(ends.back());
    if (ends.size() > 2 || !low || !high || *low > *high || *high >= most_cpus) return std::nullopt;
    for (auto cpu = *low; cpu <= *high; ++cpu) set.add(static_cast<std::uint32_t>(cpu));
  }
  return set;
}

}  // namespace gangline
