// What a gang is told of people outside who use its devices.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/allocation.h"
#include "model/cluster.h"
#include "model/event.h"

namespace gangline {

/// One sentence for each device of the allocation that is in use by others now, each device once.
std::vector<std::string> notes_of_other_users(const Allocation& allocation,
                                              std::span<const ForeignUse> foreign,
                                              const Cluster& cluster);

}  // namespace gangline
