// Our two programs inside a job that Slurm runs. Both are started by what the service sent, never
// by people.
#pragma once

#include <string>
#include <vector>

namespace gangline {

/// internal-slurm-gang DIRECTORY [GANG]: on the first node of the job, as its batch script or as
/// the only task of an srun. Claims the gang, runs its tasks, stops them on SIGTERM and when its
/// time is up, and writes down how it ended. Ends as the gang did; with 0 where the gang is
/// somebody else's. With 1 and a word on stderr where it could do nothing.
int run_slurm_gang(const std::vector<std::string>& words);

/// internal-slurm-task DIRECTORY GANG: a task of the step that the gang's program started. Ends as
/// its program did. internal-slurm-task --networks: says in which networks its node is.
int run_slurm_task(const std::vector<std::string>& words);

}  // namespace gangline
