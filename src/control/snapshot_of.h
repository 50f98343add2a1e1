#pragma once

#include "control/register.h"
#include "model/settings.h"
#include "model/snapshot.h"

namespace gangline {

/// One picture of what the register believes, for one decision.
Snapshot snapshot_of(const Register& beliefs, const Settings& settings, Time now);
/// What one job holds and which of its gangs wait, as a snapshot shows it.
std::vector<Holder> holders_of(const JobState& job);
std::vector<WaitingGroup> waiting_groups_of(const JobState& job, const Settings& settings);
/// Whether one of the alternatives has devices.
bool wants_devices(const ResourceRequest& request);

}  // namespace gangline
