// Text in addresses of HTTP.
#pragma once

#include <string>
#include <string_view>

namespace gangline {

/// As it may stand in a part of a path or of a query.
std::string url_encoded(std::string_view text);

}  // namespace gangline
