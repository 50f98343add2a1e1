// The words of a line of a recording: parted by spaces; one with spaces or odd characters in it
// stands in quotes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gangline {

/// Always in quotes; quotes, backslashes, control characters and what is no ASCII as \xNN.
std::string in_quotes(std::string_view text);
/// In quotes only where it must be.
std::string as_word(std::string_view text);
/// Empty: quotes that do not end, or escapes that are none. `key="a b"` is one word, key=a b.
std::optional<std::vector<std::string>> words_in(std::string_view line);

/// Bytes as hexadecimal digits, and back; empty where they are none.
std::string hex_of(std::string_view bytes);
std::optional<std::string> bytes_of_hex(std::string_view hex);

}  // namespace gangline
