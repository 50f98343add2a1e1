// Nodes that another system (Slurm) lends for a time, on which we choose the places ourselves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"

namespace gangline {

struct PilotRequest {
  std::uint32_t nodes = 1;
  std::uint32_t gpus = 0;   ///< of each node
  std::string model;        ///< of the GPUs, as the other system calls them; empty: any
  std::uint32_t cpus = 0;   ///< of each node; 0: whole nodes
  Bytes memory{0};          ///< of each node; 0: what comes with the CPUs
  Span time{0};             ///< for so long
  std::string queue;        ///< where it is asked for; empty: the usual place
  Span idle = minutes(10);  ///< it ends when it had nothing to do for so long
  bool renew = false;       ///< near its end, if there is work, the same is asked for again
  bool operator==(const PilotRequest&) const = default;
};

constexpr std::uint32_t most_pilot_nodes = 1'024;
constexpr std::size_t most_pilots = 64;  ///< that have not ended, of one service
constexpr Span shortest_pilot = minutes(1);

enum class PilotPhase : std::uint8_t {
  asking,   ///< it is being asked for
  waiting,  ///< it waits in the other system
  running,
  ending,  ///< nothing more starts there
  ended,
};
const char* name_of(PilotPhase phase);  ///< "asking", …

struct JobSpec;
/// Whether nodes as they are asked for have room for a gang of this job, and it would end in half
/// their time. Of whole nodes only the number of GPUs is known.
bool could_take(const PilotRequest& request, const JobSpec& spec);
/// What a gang needs until it has ended for certain. Empty: it may run for ever.
std::optional<Span> longest_stay(const JobSpec& spec);

struct PilotView {
  std::uint64_t number = 0;
  PilotRequest request;
  PilotPhase phase = PilotPhase::asking;
  std::string allocation;  ///< what the other system calls it: "Slurm job 17"; empty: not known yet
  std::string reason;      ///< why it waits, or how it ended
  std::optional<Time> ends;
  std::vector<std::string> nodes;  ///< that have reported
  std::uint32_t gangs = 0;         ///< that start or run there
};

}  // namespace gangline
