// The shell's patterns for names: * ? [abc] [a-z] [!abc] and \ in front of a character meant as
// such.
#pragma once

#include <string_view>

namespace gangline {

/// Whether one name, without '/', matches. A '.' in front of a name must be written. `?` is one
/// character of UTF-8. Takes at most time proportional to the product of both lengths.
bool matches_wildcard(std::string_view pattern, std::string_view name);

/// Whether a part of a path has to be matched at all.
bool has_wildcard(std::string_view pattern);

}  // namespace gangline
