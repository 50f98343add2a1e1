// What a planner is told of a world that changed, and a plan in words to compare.
#pragma once

#include <string>

#include "schedule/planner.h"

namespace gangline::worlds {

std::string text_of(const Plan& plan, const Snapshot& snapshot);

/// Tells the planner what is different in `after`; the cluster is the same.
void tell(Planner& planner, const Snapshot& before, const Snapshot& after);

}  // namespace gangline::worlds
