// gzip (RFC 1952) of what is in memory.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gangline {

/// Quick rather than small.
std::string gzip(std::string_view bytes);
/// How a gzip begins, and a part of it behind that: it may stand behind any others, so that what is
/// sent to many is packed once. Such a gzip has no end.
std::string_view gzip_begin();
std::string gzip_part(std::string_view bytes);
/// Empty: this is no gzip, or more than `most` bytes come of it.
std::optional<std::string> gunzip(std::string_view bytes, std::size_t most);

}  // namespace gangline
