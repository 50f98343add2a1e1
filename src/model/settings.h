// What the user's config file sets, with the values it has without one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/units.h"
#include "model/snapshot.h"

namespace gangline {

constexpr std::uint32_t most_cpus_as_device = 100'000;

struct Settings {
  std::string policy = "easy";  ///< name of a row of schedule's table
  std::vector<Queue> queues{
      Queue{}};                      ///< never empty; the first is where a job without a queue goes
  Span idle_exit = minutes(10);      ///< the service ends after so long without work
  Span sample_every = seconds(2);    ///< time between two readings of the devices
  Span half_life = hours(24 * 7);    ///< use counts half after so long
  std::uint32_t cpus_as_device = 8;  ///< so many CPUs of gangs without devices are used as one
};

}  // namespace gangline
