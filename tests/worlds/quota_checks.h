// What must hold of queues with limits and guarantees, reckoned from the holders alone.
#pragma once

#include <string>

#include "model/snapshot.h"

namespace gangline::worlds {

/// No queue holds more than its limit. Empty: it is so.
std::string wrong_with_limits(const Snapshot& snapshot);

/// No start of this plan, which is carried out, leaves a rule exceeded. Empty: it is so.
std::string wrong_with_rules(const Snapshot& after, const Plan& plan);

/// No start of this plan, which is carried out, reaches into what is set aside for others.
std::string wrong_with_set_aside(const Snapshot& after, const Plan& plan);

/// Under MayStop::borrowers nobody is stopped whose queue comes below what is guaranteed to it, nor
/// for another of the same queue, nor for one that goes beyond a guarantee. Empty: it is so.
std::string wrong_with_stops(const Snapshot& before, const Plan& plan);

}  // namespace gangline::worlds
