// Why there is no room: true, and as specific as can be said in one sentence.
#pragma once

#include "schedule/desk.h"

namespace gangline {

/// Why `shape`, for which there is no room after the newest plan on the desk, has none. Found out
/// once for each plan.
const Blocker& why_no_room(const Desk& desk, Shape& shape);

}  // namespace gangline
