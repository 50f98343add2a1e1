// gzip (RFC 1952) of what is in memory.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gangline {

/// Quick rather than small.
std::string gzip(std::string_view bytes);
/// Empty: this is no gzip, or more than `most` bytes come of it.
std::optional<std::string> gunzip(std::string_view bytes, std::size_t most);

}  // namespace gangline
