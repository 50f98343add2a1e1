// The files that hwloc reads for load_topology. It looks past see.h, so a recording asks for them
// by itself.
#pragma once

#include <string>

namespace gangline {

/// Looks at each of them once, through see.h.
void see_topology_files(const std::string& root);

}  // namespace gangline
