// Quiet hours of the config file as rules, in the local time of the machine.
#pragma once

#include "model/house_rule.h"
#include "model/settings.h"

namespace gangline {

/// Adds those that hold now and those that begin within the next week.
void add_quiet_hours(const Settings& settings, Time now, HouseRules& rules);

}  // namespace gangline
