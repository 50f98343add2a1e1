// The same forecast the plain way: each plan ahead is made from nothing.
#pragma once

#include <optional>

#include "model/snapshot.h"
#include "schedule/policy.h"

namespace gangline::worlds {

/// When the gang starts if every gang runs as long as it may and nobody else comes.
std::optional<Time> plain_forecast(Snapshot snapshot, const Policy& policy, GangId gang);

}  // namespace gangline::worlds
