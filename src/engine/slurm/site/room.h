// Whether a gang could ever have its place on the nodes that there are.
#pragma once

#include <string>
#include <vector>

#include "engine/slurm/site/site.h"
#include "model/job.h"

namespace gangline {

/// Why it could not, were all nodes of its queue up and empty. Empty: it could, as far as is known.
std::string never_has_room(const JobSpec& spec, std::uint32_t alternative, const SlurmSite& site,
                           const std::vector<Node>& nodes);

}  // namespace gangline
