// FPGAs, from what the drivers of DFL and XRT and the kernel's fpga_manager tell in /sys.
#pragma once

#include <memory>
#include <string>

#include "devices/backend.h"

namespace gangline {

/// Reads below `root` alone; no library. One device for each FPGA, with all its ports.
std::unique_ptr<DeviceBackend> make_fpga_backend(const std::string& root);

}  // namespace gangline
