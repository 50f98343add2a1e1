// The files of the dashboard as answers.
#pragma once

#include <optional>
#include <string_view>

#include "os/web/web.h"

namespace gangline {

/// Empty: there is no such file. Packed where the client takes that; not sent again to one that
/// has it.
std::optional<WebAnswer> page_at(std::string_view path, const WebHead& head);

}  // namespace gangline
