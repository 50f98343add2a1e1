// Intel GPUs, from what the drivers xe and i915 tell in /sys.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "devices/backend.h"
#include "os/clock.h"

namespace gangline {

/// Reads below `root` alone; no library. GPUs that are part of the CPU are left out, and a note
/// says so. `clock`: power and use are worked out from counters and the time between two readings.
std::unique_ptr<DeviceBackend> make_intel_backend(const std::string& root,
                                                  std::function<Span()> clock = since_boot);

}  // namespace gangline
