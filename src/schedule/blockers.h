// Why there is no room: true, and as specific as can be said in one sentence.
#pragma once

#include "schedule/desk.h"

namespace gangline {

/// Why there is no room for `shape` after the newest plan on the desk; null: there is some. Found
/// out once for each plan.
const Blocker* why_no_room(const Desk& desk, Shape& shape);

}  // namespace gangline
