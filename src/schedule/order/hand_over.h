// Where the engine chooses the places, there is nothing to decide but who may start at all.
#pragma once

#include <vector>

#include "model/snapshot.h"

namespace gangline {

/// Starts, without places, for all of them: the first submitted first.
std::vector<Start> hand_over(const std::vector<WaitingGroup>& waiting);

}  // namespace gangline
