// Ports of InfiniBand, RoCE and other network cards that read and write memory by themselves, from
// /sys/class/infiniband.
#pragma once

#include <memory>
#include <string>

#include "devices/backend.h"

namespace gangline {

/// Finds ports, and no devices: ports are shown and not given away. Reads below `root` alone. To
/// ask for a port's state is a question to the card's firmware, so it is asked in one reading of
/// ten and the answer kept.
std::unique_ptr<DeviceBackend> make_infiniband_backend(const std::string& root);

}  // namespace gangline
