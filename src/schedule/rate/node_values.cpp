#include "schedule/rate/node_values.h"

#include <algorithm>
#include <limits>

namespace gangline {
namespace {

constexpr std::size_t fewest_slots = 1 << 10;
using Narrow = std::int16_t;
constexpr std::size_t in_one_word = sizeof(std::uint64_t) / sizeof(Narrow);

}  // namespace

double NodeValues::of(std::uint32_t kind, std::uint32_t cpu_thousandths,
                      std::span<const std::int32_t> free) {
  sorted_.assign(free.begin(), free.end());
  std::sort(sorted_.begin(), sorted_.end(), std::greater<>());
  if (!make_key(kind, cpu_thousandths)) return measure_(kind, cpu_thousandths, sorted_);
  const std::size_t slot = slot_of(key_);
  if (slots_[slot] != 0) return states_[slots_[slot] - 1].value;
  if (states_.size() >= most_remembered) forget();
  else if (2 * states_.size() >= slots_.size()) grow();
  const double value = measure_(kind, cpu_thousandths, sorted_);
  states_.push_back(
      {static_cast<std::uint32_t>(keys_.size()), static_cast<std::uint32_t>(key_.size()), value});
  keys_.insert(keys_.end(), key_.begin(), key_.end());
  slots_[slot_of(key_)] = static_cast<std::uint32_t>(states_.size());
  return value;
}

bool NodeValues::make_key(std::uint32_t kind, std::uint32_t cpu_thousandths) {
  using Limits = std::numeric_limits<Narrow>;
  if (!sorted_.empty() && (sorted_.front() > Limits::max() || sorted_.back() < Limits::min()))
    return false;
  key_.assign(1, (std::uint64_t{kind} << 32) | cpu_thousandths);
  for (std::size_t i = 0; i < sorted_.size(); ++i) {
    if (i % in_one_word == 0) key_.push_back(0);
    key_.back() = (key_.back() << 16) | static_cast<std::uint16_t>(sorted_[i]);
  }
  return true;
}

std::size_t NodeValues::slot_of(std::span<const std::uint64_t> key) const {
  std::uint64_t hash = 0;
  for (const std::uint64_t word : key) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15ull;
    hash ^= hash >> 32;
  }
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = static_cast<std::size_t>(hash) & mask;
  const auto is_other = [&](const State& state) {
    const std::span<const std::uint64_t> its(keys_.data() + state.key_at, state.key_size);
    return !std::equal(key.begin(), key.end(), its.begin(), its.end());
  };
  while (slots_[slot] != 0 && is_other(states_[slots_[slot] - 1])) slot = (slot + 1) & mask;
  return slot;
}

void NodeValues::forget() {
  states_.clear();
  keys_.clear();
  slots_.assign(fewest_slots, 0);
}

void NodeValues::grow() {
  slots_.assign(2 * slots_.size(), 0);
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const std::span<const std::uint64_t> key(keys_.data() + states_[i].key_at, states_[i].key_size);
    slots_[slot_of(key)] = static_cast<std::uint32_t>(i + 1);
  }
}

}  // namespace gangline
