#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gangline {

bool is_utf8(std::string_view text);
std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view hex);

}  // namespace gangline
