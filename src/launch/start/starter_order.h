// What the launcher tells the starter, a program of a few hundred bytes that stands between root
// and the program of a person. It is told in its words:
//   gang-starter ORDER DIRECTORY PROGRAM... /bin/sh WORD...
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace gangline {

struct StarterOrder {
  static constexpr std::size_t most_doors = 4;
  static constexpr std::int32_t no_door = -1;

  std::uint32_t uid = 0, gid = 0, umask = 0;  ///< of the person
  std::uint32_t rank = 0;
  std::uint32_t programs = 0;  ///< paths to try, in their order
  std::int32_t ready = -1;     ///< descriptor where failures are told
  std::int32_t gate = -1;      ///< descriptor from which a byte comes when it may go on
  std::uint32_t reports = 0;   ///< 1: it tells there too that it waits at the gate
  /// Descriptors by which it enters its control groups.
  std::array<std::int32_t, most_doors> doors{no_door, no_door, no_door, no_door};
};

/// As a word: two letters a byte.
using StarterOrderText = std::array<char, 2 * sizeof(StarterOrder) + 1>;

inline StarterOrderText text_of(const StarterOrder& order) {
  StarterOrderText text{};
  const auto* bytes = reinterpret_cast<const unsigned char*>(&order);
  for (std::size_t i = 0; i < sizeof order; ++i) {
    text[2 * i] = static_cast<char>('a' + (bytes[i] >> 4));
    text[2 * i + 1] = static_cast<char>('a' + (bytes[i] & 15));
  }
  return text;
}

/// False: it is no order.
inline bool read_order(const char* text, StarterOrder& order) {
  auto* bytes = reinterpret_cast<unsigned char*>(&order);
  for (std::size_t i = 0; i < 2 * sizeof order; ++i) {
    const int nibble = text[i] - 'a';
    if (nibble < 0 || nibble > 15) return false;
    if (i % 2 == 0) bytes[i / 2] = static_cast<unsigned char>(nibble << 4);
    else bytes[i / 2] = static_cast<unsigned char>(bytes[i / 2] | nibble);
  }
  return text[2 * sizeof order] == 0;
}

}  // namespace gangline
