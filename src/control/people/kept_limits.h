// How much of one person's a service keeps at once, so that nobody fills it for all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "control/register.h"
#include "model/house.h"

namespace gangline {

/// Why one more job of so many gangs is too much beside what is kept of `person`; empty: it is not.
std::optional<Error> exceeds_kept(const PersonLimits& limits, const std::string& person,
                                  const Register::Kept& kept, std::uint64_t gangs);

}  // namespace gangline
