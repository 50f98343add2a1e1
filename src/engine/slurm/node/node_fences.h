// What keeps the tasks of a job to what Slurm gave it on this node, as far as a process of the job
// can see.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/slurm/node/given.h"
#include "model/event.h"
#include "model/resources.h"

namespace gangline {

/// Of a process that Slurm started here. What cannot be seen is not said to hold. `root` is "/"
/// except in tests.
std::vector<Fence> slurm_fences(const TaskRequest& task, const SlurmVariables& variables,
                                const std::string& root);

/// How many processes the kernel has ended for want of memory in the control group of this process:
/// with Slurm that is a task's own. 0 where that cannot be read.
std::uint64_t kills_for_memory(const std::string& root);

}  // namespace gangline
