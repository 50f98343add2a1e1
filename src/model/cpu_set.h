// A set of logical CPUs of one node, by the numbers that the kernel gives them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gangline {

class CpuSet {
 public:
  static constexpr std::uint32_t most_cpus = 4'096;

  CpuSet() = default;
  static CpuSet of(std::initializer_list<std::uint32_t> cpus);
  static CpuSet first(std::uint32_t n);

  void add(std::uint32_t cpu);
  void remove(std::uint32_t cpu);
  bool has(std::uint32_t cpu) const;
  std::uint32_t count() const;
  bool empty() const { return count() == 0; }
  std::vector<std::uint32_t> list() const;  ///< ascending

  CpuSet operator|(const CpuSet& other) const;
  CpuSet operator&(const CpuSet& other) const;
  CpuSet minus(const CpuSet& other) const;
  bool operator==(const CpuSet& other) const;

  /// The kernel's list form, "0-3,8". Reading refuses numbers from `most_cpus` on.
  std::string text() const;
  static std::optional<CpuSet> parse(std::string_view text);

 private:
  std::vector<std::uint64_t> words_;  // bit n % 64 of word n / 64; may end in zero words
};

}  // namespace gangline
