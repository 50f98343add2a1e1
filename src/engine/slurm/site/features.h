// Which nodes are left by the constraint that our config file has for all jobs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/slurm/site/site.h"

namespace gangline {

/// Whether --constraint leaves a node with these features. Empty: that is not known, as of
/// constraints with brackets or numbers.
std::optional<bool> is_left(const std::string& constraint,
                            const std::vector<std::string>& features);

/// Notes in the site which nodes the constraint bars, and which GPUs the others have. All of it
/// stays as it is where no node is left, or that is not known: then Slurm says what it thinks of
/// it.
void heed_constraint(SlurmSite& site, const std::vector<SlurmNodeSeen>& nodes);

}  // namespace gangline
