// Manners of a shared machine, as the config file says them: how much each person may hold and use,
// and when nothing starts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"

namespace gangline {

/// Of one person. Empty: no limit.
struct PersonLimits {
  std::optional<std::uint32_t> devices, cpus;  ///< held at once, as a queue's limit counts them
  std::optional<std::uint32_t> gangs;          ///< running at once
  std::optional<std::uint32_t> device_hours;   ///< used in House::period
  // What a plan has nothing to do with: looked at when a job is submitted.
  std::optional<std::uint32_t> jobs = {};           ///< that have not ended
  std::optional<std::uint32_t> waiting_gangs = {};  ///< of all of these jobs together
  bool operator==(const PersonLimits&) const = default;
  /// A plan must know of it.
  bool any() const { return devices || cpus || gangs || device_hours; }
};

/// Times of the day, in the local time of the machine, at which less starts. What runs goes on.
struct QuietHours {
  std::string name;
  Span from{0}, to{0};       ///< after midnight; not later than `from`: of the next day
  std::uint8_t days = 0x7f;  ///< on which they begin: bit 0 is Monday
  /// So much may be held in all. Without these and queues nothing starts.
  std::optional<std::uint32_t> devices, cpus;
  std::vector<std::string> queues;  ///< these and their parts alone start
  bool operator==(const QuietHours&) const = default;
};

/// Nothing starts that would not have ended by then.
struct Maintenance {
  std::string name;
  Time from, to;
  bool operator==(const Maintenance&) const = default;
};

struct House {
  PersonLimits everybody;
  std::map<std::string, PersonLimits> people;  ///< by login name; what is said of all included
  Span period = hours(24 * 7);                 ///< device-hours are counted over so long
  std::vector<QuietHours> quiet;
  std::vector<Maintenance> maintenance;

  const PersonLimits& limits_of(const std::string& person) const {
    const auto own = people.find(person);
    return own == people.end() ? everybody : own->second;
  }
};

/// In the service for all where the config file says nothing else: a tenth and a hundredth of what
/// it takes of all together, so that no one person fills it.
constexpr std::uint32_t usual_jobs_of_one = 10'000;
constexpr std::uint32_t usual_waiting_gangs_of_one = 100'000;

constexpr std::size_t most_named_people = 10'000;
constexpr std::size_t most_windows = 100;  ///< of quiet hours, and of maintenance
constexpr Span longest_period = hours(24 * 366);

}  // namespace gangline
