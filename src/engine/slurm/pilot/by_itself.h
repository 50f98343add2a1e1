// Which jobs run on nodes of a pilot without anybody's saying so.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/slurm/site/site.h"
#include "model/job.h"
#include "model/pilot.h"
#include "model/views.h"

namespace gangline {

/// What is asked for, for a job of as many and as short gangs as the config file wants, each of
/// which has room on every node of the job's partition. Empty: it goes to Slurm as it is.
std::optional<PilotRequest> pilot_by_itself(const JobSpec& spec, const SlurmProfile& profile,
                                            const SlurmSite& site, const std::vector<Node>& nodes);

/// What becomes of a job that is not handed over, with the script of the pilot that would be asked
/// for, if one would.
Translation translated_for_pilot(const JobSpec& spec, const std::optional<PilotRequest>& pilot,
                                 const SlurmUsual& usual, const std::string& gang_program,
                                 const std::string& state_dir);

}  // namespace gangline
