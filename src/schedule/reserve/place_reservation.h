// Where something can be set aside for a person.
#pragma once

#include "base/result.h"
#include "model/reservation.h"
#include "model/snapshot.h"
#include "schedule/policy.h"

namespace gangline {

/// A place that is sure to be free from `from` until `until`: by the time limits of those that run,
/// beside what is promised and what is set aside for anybody. Error: there is none.
Result<Allocation> place_reservation(const Snapshot& snapshot, const Policy& policy,
                                     const ResourceRequest& request, Time from, Time until);

}  // namespace gangline
