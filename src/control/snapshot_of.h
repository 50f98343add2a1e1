#pragma once

#include "control/ledger.h"
#include "model/settings.h"
#include "model/snapshot.h"

namespace gangline {

/// One picture of what the ledger believes, for one decision.
Snapshot snapshot_of(const Ledger& ledger, const Settings& settings, Time now);

}  // namespace gangline
