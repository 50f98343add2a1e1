#pragma once

#include "control/register.h"
#include "model/settings.h"
#include "model/snapshot.h"

namespace gangline {

/// One picture of what the register believes, for one decision.
Snapshot snapshot_of(const Register& beliefs, const Settings& settings, Time now);
/// Whether one of the alternatives has devices.
bool wants_devices(const ResourceRequest& request);

}  // namespace gangline
