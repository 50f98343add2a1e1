// `gang top` with the service of this machine.
#pragma once

#include <string>

#include "base/result.h"

namespace gangline {

Result<int> show_top();
Result<std::string> top_once(std::size_t width);

}  // namespace gangline
