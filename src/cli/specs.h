#pragma once

#include <vector>

#include "cli/commands.h"
#include "model/job.h"

namespace gangline {

/// What `gang run` and `gang submit` were asked to run, each spec checked, with the environment of
/// the command. Several job files are several jobs, in their order; flags count for each. All
/// mistakes are printed but the first, which is the Error; then nothing is to be submitted.
Result<std::vector<JobSpec>> read_specs(const SubmitOptions& options, Output& out);

}  // namespace gangline
