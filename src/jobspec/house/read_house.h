// The parts of config.toml that say who may hold how much, and when nothing starts:
//
//   [people]                  # each person
//   devices = 4
//   device_hours = 100        # in `period`
//   period = "7d"
//   [people.anna]             # but anna
//   devices = "none"          # no limit
#pragma once

#include <string_view>

#include "jobspec/mistakes.h"
#include "jobspec/written.h"
#include "model/house.h"

namespace gangline {

void read_people(const Written& root, House& house, Mistakes& mistakes);

/// `each`, `each_cpus` and `each_gangs` of a queue.
void read_each(const Written& queue, PersonLimits& each, Mistakes& mistakes);

}  // namespace gangline
