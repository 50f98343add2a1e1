// The processes that compute on AMD GPUs, from <root>/sys/class/kfd/kfd/proc.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/cluster.h"

namespace gangline::amd {

using ProcessesOf = std::map<std::uint64_t, std::vector<DeviceProcess>>;

/// For each of these GPUs (KFD's gpu_id) the processes that hold memory or a queue on it, ordered
/// by pid; user and command are left empty. A process of ROCm opens all GPUs that it may, so having
/// opened one is no use. One that may not be looked at counts as using all. Empty: cannot be known.
std::optional<ProcessesOf> read_processes(const std::string& root,
                                          const std::vector<std::uint64_t>& gpu_ids);

}  // namespace gangline::amd
