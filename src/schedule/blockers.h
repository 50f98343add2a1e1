// Why there is no room: true, and as specific as can be said in one sentence.
#pragma once

#include "schedule/desk.h"

namespace gangline {

/// Why `shape`, for which there is no room now on the desk, has none.
Blocker why_no_room(Desk& desk, const Shape& shape);

}  // namespace gangline
