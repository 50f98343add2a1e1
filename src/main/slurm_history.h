// What Slurm has of the past, for `gang simulate --from slurm`.
#pragma once

#include <string>

#include "base/result.h"
#include "base/units.h"

namespace gangline {

/// Of all jobs that we may see. An Error: no accounts are kept, or Slurm does not answer.
Result<std::string> slurm_jobs(Span since);
Result<std::string> slurm_nodes();

}  // namespace gangline
