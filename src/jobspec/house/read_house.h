// The parts of config.toml that say who may hold how much, and when nothing starts:
//
//   [people]                  # each person
//   devices = 4
//   device_hours = 100        # in `period`
//   period = "7d"
//   jobs = 1000               # that have not ended
//   waiting_gangs = 10000
//   [people.anna]             # but anna
//   devices = "none"          # no limit
//
//   [quiet.nights]            # local time of the machine
//   times = "22:00-07:00"
//   days = ["mon", "tue"]     # on which they begin
//   devices = 2               # or queues = ["night"], or neither: nothing starts
//   [maintenance.cooling]
//   from = "2026-12-01 08:00"
//   to = "2026-12-01 12:00"
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jobspec/mistakes.h"
#include "jobspec/written.h"
#include "model/house.h"
#include "model/queue.h"

namespace gangline {

void read_quiet_hours(const Written& root, const std::vector<Queue>& queues, House& house,
                      Mistakes& mistakes);
void read_maintenance(const Written& root, House& house, Mistakes& mistakes);
void read_people(const Written& root, House& house, Mistakes& mistakes);

/// "2026-12-01 08:00", in the local time of the machine.
Result<Time> parse_local_time(const std::string& text);
/// The same, or "18:00": when the clock shows that the next time.
Result<Time> parse_begin(const std::string& text, Time now);

/// `each`, `each_cpus` and `each_gangs` of a queue.
void read_each(const Written& queue, PersonLimits& each, Mistakes& mistakes);

}  // namespace gangline
