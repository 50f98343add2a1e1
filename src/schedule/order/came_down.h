// When a gang came down to a level of those who ran more.
#pragma once

#include "model/snapshot.h"

namespace gangline {

/// When its work (device-time) reached `level`, by what is known of its stops; the next whole
/// multiple of `rounds` where that is not 0. It is at that level.
Time came_down_at(const WaitingGroup& group, Span level, Span rounds);

}  // namespace gangline
