// Deciding. Pure: no clock, no I/O, no log, no hidden randomness. Same input, same plan, bit for
// bit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/snapshot.h"
#include "model/views.h"
#include "schedule/never_fits.h"
#include "schedule/policy.h"

namespace gangline {

/// What starts now, what is promised, and why each other gang waits. Every gang of
/// `snapshot.waiting` is in exactly one start or one wait.
Plan make_plan(const Snapshot& snapshot, const Policy& policy);

/// One sentence for people, naming jobs by number and devices by node and index. `own`: the job
/// that waits, whose own gangs may be what holds the room.
std::string explain(const Blocker& blocker, const Snapshot& snapshot,
                    std::optional<JobId> own = {});

/// The answer to `gang why` for the first waiting gang of `job`: reason, expected start, and the
/// smallest changes to its request that would start it now, each found by planning with it.
/// `job` waits in `snapshot`.
WhyAnswer why(const Snapshot& snapshot, const Policy& policy, JobId job);

}  // namespace gangline
