// A scheduling story: machines, jobs with their times, and what is expected of them. One word or
// number after another; `#` begins a comment; times are in seconds from the start of the story.
//
//   policy NAME [promises N] [ages SECONDS]
//   queue NAME [priority P] [foreign] [in QUEUE] [share N] [guaranteed N] [guaranteed_cpus N]
//       [limit N] [limit_cpus N]               devices and CPUs
//   had USER T [in QUEUE]                       device-seconds, as they count from the start on
//   node NAME gpus N [cpus N] [memory 64G] [islands 4,4] [model M] [slices D:N] [numa N]
//   job NAME at T WHAT [or WHAT]... for D [time D2|none] [gangs N] [turns N] [tasks N]
//       [priority P] [queue Q] [of USER] [after JOB] [keeps] [foretold D]
//       WHAT: gpus N|share S [cpus N] [memory M] [model M]
//   foreign NODE:D at T [until T] by WORD       away NODE[:D] at T [until T]
//   withdraw JOB at T                           `time` is D where it is not said
//   work T,T,...                                what gangs usually are, in device-seconds
//   expect JOB[.GANG] starts T|never            expect JOB[.GANG] on a:0,1 [b:2]
//   expect JOB[.GANG] turns N                   expect JOB at T because WORDS THAT ARE IN IT
//   expect JOB at T promised T2|nothing         expect JOB refused because WORDS
//   expect JOB[.GANG] stopped T|never           expect JOB[.GANG] ends T|never
// Start and place are of the first run, stops and ends of the last. Who is stopped for others
// leaves at once. A job is foretold to run for D where nothing else is said; what it ran is lost
// unless it `keeps` it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/settings.h"
#include "model/snapshot.h"

namespace gangline::stories {

struct StoryJob {
  std::string name;
  WaitingGroup group;  ///< as it is submitted; ids are its place among the jobs, from 1
  Span run{0};         ///< how long each gang really runs
};

/// A device that is used by others or away, a node that is down, or a job withdrawn, from a time
/// on.
struct Change {
  enum class Kind : std::uint8_t { foreign, away, withdraw } kind = Kind::foreign;
  Time from;
  Time until = never;
  NodeId node;
  std::optional<std::uint32_t> device;
  std::string holder;
  JobId job;
};

struct Expectation {
  enum class Kind : std::uint8_t {
    starts,
    on,
    turns,
    because,
    promised,
    refused,
    stopped,
    ends
  } kind;
  int line = 0;
  GangId gang;
  Time at;              ///< when it is asked for
  Time time = never;    ///< start or promise; never: none
  std::uint32_t n = 0;  ///< turns
  std::string text;     ///< places or words
};

struct Story {
  std::string policy = "easy";
  PolicySettings policy_settings;
  std::vector<Queue> queues{Queue{}};
  Cluster cluster;
  std::vector<StoryJob> jobs;
  std::vector<Change> changes;
  std::vector<Span> usual_work;
  std::vector<std::string> users;
  std::vector<UserUse> used;
  std::vector<Expectation> expectations;
};

/// Reads a story; a mistake is an Error with file and line.
Result<Story> read_story(const std::string& path);

}  // namespace gangline::stories
