// Devices that are held for a person from one time to another.
#pragma once

#include <cstdint>
#include <string>

#include "base/units.h"
#include "model/allocation.h"
#include "model/resources.h"

namespace gangline {

struct ReserveRequest {
  ResourceRequest resources;
  Time from;                 ///< in the past: now
  Span time{0};              ///< for so long
  std::string person;        ///< login name; empty: who asks
  bool maintenance = false;  ///< of all there is, for nobody; `resources` does not count
};

struct Reservation {
  std::uint64_t number = 0;
  std::string person;  ///< empty: maintenance, of all there is
  Time from, until;
  ResourceRequest resources;
  Allocation what;
  std::string name = {};  ///< of maintenance that the config file says; such has no number
};

constexpr std::size_t most_reservations = 1'000;
constexpr Span longest_reservation = hours(24 * 366);  ///< and the longest ahead

/// "reservation 3 of anna, 2026-12-01 18:00 to 2026-12-01 21:00 UTC"
std::string describe(const Reservation& reservation);
/// "2026-12-01 18:00 to 20:00 UTC"
std::string describe_times(Time from, Time until);

}  // namespace gangline
