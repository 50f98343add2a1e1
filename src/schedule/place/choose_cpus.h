// Which logical CPUs of one node a task gets: near its devices, whole physical cores before halves,
// and so that NUMA nodes stay whole for others.
#pragma once

#include <cstdint>
#include <vector>

#include "model/cpu_set.h"
#include "schedule/place/layout.h"

namespace gangline {

/// How many of `free` are in each NUMA node.
std::vector<std::uint32_t> free_in_numa(const NodeLayout& layout, const CpuSet& free);

/// `need` CPUs of `free`, which has as many. NUMA nodes with true in `near` come first.
CpuSet choose_cpus(const NodeLayout& layout, const CpuSet& free, std::uint32_t need,
                   const std::vector<bool>& near);

}  // namespace gangline
