// A policy is a row in a table: who goes first, where it fits best, who may overtake, how many are
// promised a start.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

namespace gangline {

enum class GoesFirst : std::uint8_t {
  arrival,  ///< higher priority first, then who came first
};

enum class Place : std::uint8_t {
  pack,  ///< near each other, breaking as little as can be for those to come
};

constexpr std::uint32_t everyone = std::numeric_limits<std::uint32_t>::max();

struct Policy {
  std::string_view name;
  GoesFirst goes_first = GoesFirst::arrival;
  Place place = Place::pack;
  bool overtake = false;  ///< may a gang start before one that goes first, if it delays no promise
  std::uint32_t promises = 0;  ///< how many of the first that wait are promised a start
};

/// All rows: "fifo" (nobody overtakes) and "easy" (the head is promised its start).
std::span<const Policy> policies();
std::optional<Policy> find_policy(std::string_view name);

}  // namespace gangline
