// What must hold of the reasons for which gangs wait, seen from the machines alone.
#pragma once

#include <string>

#include "model/snapshot.h"
#include "schedule/policy.h"

namespace gangline::worlds {

/// No reason of this plan contradicts itself, and none says that there is room where there is none,
/// or the other way about. Empty: it is so. `after`: the plan is carried out.
std::string wrong_with_reasons(const Snapshot& after, const Policy& policy, const Plan& plan);

}  // namespace gangline::worlds
