// The program that Slurm starts on each node of a pilot.
#pragma once

#include <string>
#include <vector>

namespace gangline {

/// internal-slurm-pilot DIRECTORY: a launcher with its guardian, and the bridge to the service,
/// until the launcher ends. Returns an exit code.
int run_slurm_pilot(const std::vector<std::string>& words);

}  // namespace gangline
