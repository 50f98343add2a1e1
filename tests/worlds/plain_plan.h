// The same plan the plain way: every waiting group is tried in order, every node is looked at, and
// nothing that was found out is remembered.
#pragma once

#include <string>

#include "schedule/make_plan.h"

namespace gangline::worlds {

/// Without reasons. `wrong`: what a shortcut says that is not so, else untouched.
Plan plain_plan(const Snapshot& snapshot, const Policy& policy, std::string& wrong);

}  // namespace gangline::worlds
