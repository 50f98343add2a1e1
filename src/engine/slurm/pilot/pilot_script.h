// A pilot as a job of Slurm's: a script with one srun in it.
#pragma once

#include <string>

#include "model/pilot.h"
#include "model/slurm_profile.h"

namespace gangline {

/// `number`: of the pilot. `directory`: of it, PilotFiles. `said`: where the programs on its nodes
/// say what is wrong.
std::string pilot_script(const PilotRequest& request, const std::string& number,
                         const SlurmUsual& usual, const std::string& gang_program,
                         const std::string& directory, const std::string& said);

}  // namespace gangline
