// What the beginning of a file looks like, for telling formats apart by content, and what is said
// where none fits.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gangline {

class Input;

/// The first line that holds more than blanks and does not begin with `comment` (0: none do).
std::string_view first_line(std::string_view head, char comment = 0);

/// Whether the first line names all these columns.
bool names_columns(std::string_view head, char separator,
                   std::initializer_list<std::string_view> columns);

/// Whether it begins as a JSON object and `"key": "value"` stands somewhere in it; `value` empty:
/// whether the key does.
bool json_says(std::string_view head, std::string_view key, std::string_view value = "");

/// Of a file that no format is recognised in: what stands there, and the names of all formats.
Error unknown_format(const Input& input, const char* wanted,
                     std::span<const std::string_view> formats);
Error no_such_format(std::string_view name, std::span<const std::string_view> formats);

}  // namespace gangline
