// Whether a gang could ever have its place on the nodes that there are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/slurm/site/site.h"
#include "model/job.h"

namespace gangline {

/// What stands in the way, were all nodes of a job's queue up and empty.
struct NoRoom {
  std::string field;  ///< key of the job file: "cpus"
  std::string why;
};
/// Empty: it could have its place, as far as is known.
std::optional<NoRoom> never_has_room(const JobSpec& spec, std::uint32_t alternative,
                                     const SlurmSite& site, const std::vector<Node>& nodes);

}  // namespace gangline
