// A script for sbatch as slurmrestd wants it: what its #SBATCH lines say as fields of the job, for
// slurmrestd does not read them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/environment.h"

namespace gangline {

struct RestSubmission {
  std::string body;                   ///< JSON, for POST …/job/submit
  std::vector<std::string> left_out;  ///< options that slurmrestd cannot be told: "signal"
};

/// `tag` is its comment, `directory` where it runs. An Error: an option that is not known here, so
/// that nothing is sent without what somebody asked for.
Result<RestSubmission> rest_submission(std::string_view script, const std::string& tag,
                                       const std::string& directory,
                                       const std::vector<EnvVar>& environment);

}  // namespace gangline
