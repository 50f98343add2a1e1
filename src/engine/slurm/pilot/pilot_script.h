// A pilot as a job of Slurm's: a script with one srun in it.
#pragma once

#include <string>

#include "model/pilot.h"

namespace gangline {

/// `directory`: of the pilot, PilotFiles. `said`: where the programs on its nodes say what is
/// wrong.
std::string pilot_script(const PilotRequest& request, std::uint64_t number,
                         const std::string& gang_program, const std::string& directory,
                         const std::string& said);

}  // namespace gangline
