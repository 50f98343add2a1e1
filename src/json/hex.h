#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gangline {

std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view hex);

}  // namespace gangline
