// What a measure says of a node by what is free on it: worked out once for each state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace gangline {

class NodeValues {
 public:
  /// Of a node of a kind, of which so many thousandths of CPUs and of each device are free. The
  /// devices come with the most free in front, so that equal states have one value to the last bit.
  using Measure = std::function<double(std::uint32_t kind, std::uint32_t cpu_thousandths,
                                       std::span<const std::int32_t> free)>;

  /// With so many states it begins anew.
  static constexpr std::size_t most_remembered = 1 << 17;

  explicit NodeValues(Measure measure) : measure_(std::move(measure)) { forget(); }

  double of(std::uint32_t kind, std::uint32_t cpu_thousandths, std::span<const std::int32_t> free);

 private:
  struct State {
    std::uint32_t key_at = 0, key_size = 0;  ///< in `keys_`
    double value = 0;
  };

  /// Fills `key_` from `sorted_`; false: a number is too large for it.
  bool make_key(std::uint32_t kind, std::uint32_t cpu_thousandths);
  /// The slot of the key: where its state stands, or would.
  std::size_t slot_of(std::span<const std::uint64_t> key) const;
  void forget();
  void grow();

  Measure measure_;
  std::vector<State> states_;
  std::vector<std::uint64_t> keys_;   ///< one behind the other
  std::vector<std::uint32_t> slots_;  ///< 1 + index in `states_`, or 0; a power of two of them
  std::vector<std::int32_t> sorted_;
  std::vector<std::uint64_t> key_;
};

}  // namespace gangline
