// Names, numbers and times as they stand in a page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/units.h"

namespace gangline {

/// Stands for what is not known.
inline constexpr const char* unknown_text = "-";
/// Characters of a name of another's that a page shows; the rest of it is "…".
constexpr std::size_t longest_name_shown = 60;

/// Text of another's as text of HTML, safe in an element and in a quoted attribute, cut after so
/// many characters. Control characters become escapes that can be read.
std::string shown(std::string_view text, std::size_t longest = longest_name_shown);

std::string counted(std::uint64_t n);  ///< "1,234,567"
std::string figure(double value);      ///< "1,234", "12.3", "0.045"; not finite: unknown_text
std::string percent(double part);      ///< of 1: "12.3 %"
std::string lasting(double seconds);   ///< "3m20s"; not finite: unknown_text
std::string decimal(double value);     ///< for coordinates: at most two places, never "nan"
/// "1 job", "2 jobs": the plural is the word and an s.
std::string several(std::uint64_t n, const std::string& word);

}  // namespace gangline
