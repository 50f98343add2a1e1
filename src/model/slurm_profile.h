// What the config file says of Slurm, in [on.slurm].
#pragma once

#include <optional>
#include <string>

#include "base/units.h"
#include "model/pilot.h"

namespace gangline {

/// What every job that is handed to Slurm is asked for with. Empty: Slurm's own choice.
struct SlurmUsual {
  std::string partition;  ///< of jobs whose queue is "normal"
  std::string account, qos, constraint;
  bool operator==(const SlurmUsual&) const = default;
};

/// A pilot that is asked for by itself, for jobs of many short gangs.
struct PilotByItself {
  std::uint32_t gangs = 0;         ///< a job with at least so many …
  Span shorter_than = minutes(1);  ///< … each of which may run so long at the most
  PilotRequest request;            ///< its queue is the job's
  bool operator==(const PilotByItself&) const = default;
};

struct SlurmProfile {
  SlurmUsual usual;
  Span look_every = milliseconds(1'100);  ///< between two questions for the state of all jobs
  std::string state;                      ///< directory; empty: the usual one
  std::optional<PilotByItself> pilot;     ///< empty: none is asked for by itself
  bool operator==(const SlurmProfile&) const = default;
};

constexpr Span shortest_look_every = seconds(1);
constexpr Span longest_look_every = minutes(10);
constexpr std::size_t longest_slurm_word = 256;

}  // namespace gangline
