// AMD GPUs and their partitions, from what the drivers amdgpu and KFD tell in /sys.
#pragma once

#include <memory>
#include <string>

#include "devices/backend.h"

namespace gangline {

/// Reads below `root` alone; no library. A machine without KFD has no devices of this kind; a note
/// says so only where an AMD GPU is seen on the PCI bus.
std::unique_ptr<DeviceBackend> make_amd_backend(const std::string& root);

}  // namespace gangline
