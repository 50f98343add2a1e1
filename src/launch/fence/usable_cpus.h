// To which CPUs a task can be bound at this moment.
#pragma once

#include <string>

#include "model/cpu_set.h"

namespace gangline {

/// Those of `wanted` that are online and that this process may use. For a process of one thread,
/// which runs on other CPUs while it asks about some that it is not bound to.
CpuSet usable_cpus(const CpuSet& wanted);

/// Why no process here may bind itself to CPUs, where something (seccomp) forbids it; else empty.
std::string why_none_is_bound();

}  // namespace gangline
