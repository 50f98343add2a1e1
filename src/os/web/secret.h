// Random words, and comparing secrets without telling by the time it takes how much was right.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gangline {

using Sha256 = std::array<unsigned char, 32>;

Sha256 sha256(std::string_view bytes);
/// So many random bytes of the system's, as letters, digits, '-' and '_' (RFC 4648, 5).
Result<std::string> random_word(std::size_t bytes);
/// The time this takes tells nothing but whether the lengths are equal.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace gangline
