// `gang top` with the service of this machine, or that of another.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "main/remote/far_service.h"

namespace gangline {

/// `server`: empty for that of this machine.
Result<int> show_top(const std::optional<FarPlace>& server);
Result<std::string> top_once(const std::optional<FarPlace>& server, std::size_t width);

}  // namespace gangline
