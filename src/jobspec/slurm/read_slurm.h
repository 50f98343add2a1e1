// The part of config.toml that says how jobs are handed to Slurm:
//
//   [on.slurm]
//   partition = "gpu"         # of jobs without a queue
//   account = "physics"
//   qos = "normal"
//   constraint = "a100"
//   look_every = "1.1s"       # between two calls of squeue
//   state = "/scratch/anna/gangline"
//   pilot_gangs = 200         # jobs with so many gangs …
//   pilot_shorter_than = "1m" # … of at most this time get a pilot by themselves
//   pilot_nodes = 2           # and more, as flags of `gang pilot`
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "jobspec/mistakes.h"
#include "jobspec/written.h"
#include "model/slurm_profile.h"

namespace gangline {

void read_slurm(const Written& root, SlurmProfile& profile, Mistakes& mistakes);

/// `state` of such a file alone, whatever else is wrong in it; empty: it says none. An Error where
/// the file is no TOML, or `state` makes no sense.
Result<std::string> read_slurm_state(std::string_view text, const std::string& file_name);

/// Where [on.slurm] stands in such a file, and what it says: "partition = gpu". Empty: there is
/// none.
struct WrittenProfile {
  std::uint32_t line = 0;  ///< 0: not known
  std::vector<std::string> says;
};
Result<std::optional<WrittenProfile>> find_slurm_profile(std::string_view text,
                                                         const std::string& file_name);

}  // namespace gangline
