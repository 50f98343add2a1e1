// Who reserved devices uses these before others'.
#pragma once

#include <optional>

#include "schedule/desk.h"

namespace gangline {

/// What of `free` this user has reserved now, where that may be enough for all tasks; empty: it is
/// not. Of CPUs and memory all that is free beside these devices counts.
std::optional<FreeView> own_of(const Desk& desk, const Shape& shape, const Wanted& wanted,
                               const FreeView& free);

}  // namespace gangline
