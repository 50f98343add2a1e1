#pragma once

#include <functional>

#include "control/register.h"
#include "control/usage.h"
#include "model/settings.h"
#include "model/snapshot.h"

namespace gangline {

/// How long each gang of a job runs from its beginning to its end; empty: nobody knows.
using Foretell = std::function<std::optional<Span>(const Job& job)>;

/// What a picture of the register's beliefs shows besides them.
struct Viewpoint {
  Settings settings;
  bool some_are_stopped = false;                          ///< the policy stops gangs for others
  Foretell foretell;                                      ///< may be empty
  const Usage* usage = nullptr;                           ///< where users are told apart
  std::shared_ptr<const HouseRules> rules = {};           ///< see Snapshot::rules
  std::shared_ptr<const SetAsides> set_aside = {};        ///< see Snapshot::set_aside
  std::shared_ptr<const std::vector<UserUse>> used = {};  ///< see Snapshot::used
};

/// One picture of what the register believes, for one decision.
Snapshot snapshot_of(const Register& beliefs, const Viewpoint& from, Time now);
/// What one job holds and which of its gangs wait, as a snapshot shows it.
std::vector<Holder> holders_of(const JobState& job, const Viewpoint& from);
/// `handed`: to an engine that places. Then a gather waits beside the gangs that it comes after.
std::vector<WaitingGroup> waiting_groups_of(const JobState& job, const Viewpoint& from,
                                            bool handed = false);
/// Whether one of the alternatives has devices.
bool wants_devices(const ResourceRequest& request);

}  // namespace gangline
