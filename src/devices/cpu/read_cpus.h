// Cores, NUMA nodes, caches and memory of the node, read with hwloc below a root path.
#pragma once

#include <optional>
#include <string>

#include "model/cluster.h"

namespace gangline {

/// Fills name, cpu_model, cpus, cores, numa, caches and memory of `node`, and adds notes for what
/// could not be read. Below the root "/", CPUs are those that this process may run on; elsewhere
/// all that the tree under `root` describes. hwloc takes its root from the environment, which is
/// changed for the time of the call: not while other threads use the environment.
void read_cpus(const std::string& root, Node& node);

/// The CPUs that this process may run on.
std::optional<CpuSet> affinity();
/// Where a tree that stands for another machine may say this of the one who looked there. No kernel
/// has it.
constexpr const char* affinity_file = "/proc/self/affinity";

/// The same from the affinity mask and the kernel's memory count alone, without hwloc or files
/// below sys: all CPUs as cores of one NUMA node. Quick, any thread.
void read_cpus_plainly(Node& node);

}  // namespace gangline
