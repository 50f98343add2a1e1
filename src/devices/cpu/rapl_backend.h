// The energy of CPU packages, as the kernel counts it by RAPL (Intel, and AMD from Zen on).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "devices/backend.h"
#include "os/clock.h"

namespace gangline {

/// Reads <root>/sys/class/powercap. Kernels let only root read the counters, because of what can be
/// guessed from them; where this user may not, a note says so, once. A machine without them (a
/// virtual one, ARM) has no packages. `clock`: power is worked out from a counter and the time
/// between two readings.
std::unique_ptr<DeviceBackend> make_rapl_backend(const std::string& root,
                                                 std::function<Span()> clock = since_boot);

}  // namespace gangline
