// How much memory the node has for us.
#pragma once

#include <optional>
#include <string>

#include "base/units.h"

namespace gangline {

/// MemTotal of <root>/proc/meminfo. Empty: cannot be read.
std::optional<Bytes> total_memory(const std::string& root);

/// The smallest limit of the control group that this process is in and of the groups above it
/// (cgroup v2 memory.max, v1 memory.limit_in_bytes). Empty: no limit.
std::optional<Bytes> group_memory_limit(const std::string& root);

}  // namespace gangline
