// The small files of /sys: one number or one line each. Any may be missing, empty, unreadable or
// full of nonsense, at any time: then what it would say is unknown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "devices/sysfs/see.h"

namespace gangline {

/// The text without the space around it. Empty: unknown, also for an empty file or a longer one.
std::optional<std::string> text_at(const std::string& path);
/// A name for people: text_at, if it is UTF-8 without control characters and not too long.
std::optional<std::string> name_at(const std::string& path);
/// A number in decimal.
std::optional<std::uint64_t> number_at(const std::string& path);
/// A number in hexadecimal, with or without 0x: of 1 to 16 digits.
std::optional<std::uint64_t> hex_in(std::string_view text);
std::optional<std::uint64_t> hex_at(const std::string& path);

/// The numbers N of entries called exactly "<prefix>N" in a directory, in order.
std::vector<std::uint32_t> numbered_in(const std::string& directory, std::string_view prefix);
/// The parts of where a link leads, from the first; empty: no link.
std::vector<std::string> parts_of_link(const std::string& path);
/// The last part of where a link leads: of <device>/driver the driver's name. Empty: no link.
std::string end_of_link(const std::string& path);
/// What the entries of a directory are called, in order. Empty: it cannot be read.
std::optional<std::vector<std::string>> names_in(const std::string& directory);

}  // namespace gangline
