// MPS serves one person of a GPU at a time: whom, where that is all that keeps a gang from
// starting.
#pragma once

#include <optional>

#include "schedule/desk.h"

namespace gangline {

/// Empty: there is no room for this shape either where MPS of others counts for nothing.
std::optional<MpsOfOther> mps_of_other(const Desk& desk, const Shape& shape);

}  // namespace gangline
