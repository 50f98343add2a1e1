// What the user's config file sets, with the values it has without one.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "model/access.h"
#include "model/house.h"
#include "model/notify.h"
#include "model/slurm_profile.h"
#include "model/snapshot.h"

namespace gangline {

constexpr std::uint32_t everyone = std::numeric_limits<std::uint32_t>::max();

/// What somebody set of a policy beside its row (schedule/policy.h says what each means). Empty: as
/// the row has it.
struct PolicySettings {
  std::optional<std::uint32_t> promises;  ///< `everyone`: all that wait
  std::optional<Span> ages;
  std::optional<Span> patience;
  std::optional<std::array<Span, 2>> levels;  ///< ascending
  std::optional<std::uint64_t> seed;
  bool operator==(const PolicySettings&) const = default;
};

constexpr std::uint32_t most_cpus_as_device = 100'000;

/// Of a service for all people of a machine. Names of groups.
struct ForAllSettings {
  std::string people;                            ///< who may use it; empty: everybody
  std::string operators = "gangline-operators";  ///< who may stop and read what is others'
  bool operator==(const ForAllSettings&) const = default;
};

struct Settings {
  std::string policy = "easy";  ///< name of a row of schedule's table
  PolicySettings policy_settings;
  std::vector<Queue> queues{
      Queue{}};                    ///< never empty; the first is where a job without a queue goes
  Span idle_exit = minutes(10);    ///< the service ends after so long without work
  Span sample_every = seconds(2);  ///< time between two readings of the devices
  Span half_life = hours(24 * 7);  ///< use counts half after so long
  ForAllSettings for_all;
  std::uint32_t cpus_as_device = 8;  ///< so many CPUs of gangs without devices are used as one
  House house;
  NotifySettings notify;
  SlurmProfile on_slurm;
  std::vector<ServerProfile> servers;  ///< in the order of the file
};

}  // namespace gangline
