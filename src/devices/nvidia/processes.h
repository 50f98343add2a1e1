// The processes that compute on a GPU or a slice of one.
#pragma once

#include <optional>
#include <vector>

#include "devices/nvidia/nvml_library.h"
#include "model/cluster.h"

namespace gangline::nvml {

/// Processes with a compute context, also those that go through MPS, ordered by pid; user and
/// command are left empty. Processes that only draw (a desktop) are not among them: they leave a
/// GPU free to compute. Empty: cannot be known here.
std::optional<std::vector<DeviceProcess>> read_processes(const Calls& calls, Handle device);

}  // namespace gangline::nvml
