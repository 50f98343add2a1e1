#pragma once

#include <string>

#include "base/units.h"

namespace gangline {

/// The wall clock.
Time now();
/// Time since boot, also while suspended; never goes back.
Span since_boot();
/// The kernel's name for this boot; equal as long as the machine was not restarted.
std::string boot_id();

}  // namespace gangline
