// What a measure says of a node by what is free on it: worked out once for each state.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gangline {

class NodeValues {
 public:
  /// Of a node of a kind, of which so many thousandths of CPUs and of each device are free. The
  /// devices come with the most free in front, so that equal states have one value to the last bit.
  using Measure = std::function<double(std::uint32_t kind, std::uint32_t cpu_thousandths,
                                       std::span<const std::int32_t> free)>;

  /// When it remembers so many it begins anew.
  static constexpr std::size_t most_remembered = 1 << 17;

  explicit NodeValues(Measure measure) : measure_(std::move(measure)) {}

  double of(std::uint32_t kind, std::uint32_t cpu_thousandths, std::span<const std::int32_t> free);

 private:
  Measure measure_;
  std::unordered_map<std::string, double> known_;
  std::vector<std::int32_t> sorted_;
  std::string key_;
};

}  // namespace gangline
