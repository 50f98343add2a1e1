// What a person or a program is told: the answers of `Service`. Values only, mapped by json/.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/units.h"
#include "model/cluster.h"
#include "model/event.h"
#include "model/job.h"

namespace gangline {

enum class GangPhase : std::uint8_t { waiting, starting, running, ended };
const char* name_of(GangPhase phase);  ///< "waiting", …

/// A job as one line of `gang list`. A job waits while none of its gangs has started, runs while
/// any starts, runs or (after the first start) waits, and has ended when all have.
struct JobSummary {
  JobId id;
  std::string name;
  std::string owner;
  std::string queue;
  GangPhase phase = GangPhase::waiting;
  std::uint32_t gangs = 0, waiting = 0, starting = 0, running = 0;
  std::uint32_t ended_well = 0, ended_badly = 0;
  std::uint32_t never_ran = 0;  ///< ended unstarted, as what they came after did not end well
  Time submitted;
  std::optional<Time> started;   ///< the first start of any gang
  std::optional<Time> ended;     ///< set where phase is ended
  std::optional<Ending> ending;  ///< of the first gang that ended badly, else of the last one
  std::string request;           ///< "2 tasks, each 1 gpu and 4 cpus"
  std::string taken;             ///< what of `request` its gangs got; empty: none has started
  std::string reason;  ///< why it waits, does not begin, or runs and stands still; else empty
  std::optional<Time> expected = {};  ///< while it waits: one of its gangs is promised this start
};

/// Where one gang is. Only what its phase knows is set.
struct GangView {
  GangId id;
  std::uint32_t attempt = 1;
  GangPhase phase = GangPhase::waiting;
  bool gather = false;
  std::vector<EnvVar> values;  ///< sweep values, and "shard" for a split
  std::optional<Time> started, ended;
  std::optional<Ending> ending;
  std::optional<Allocation> allocation;
  std::vector<Fence> fences;
  std::string output;                  ///< path that {output} stood for
  std::optional<Joules> energy;        ///< see GangMeasured; empty: not known, or not yet
  std::optional<double> busy_percent;  ///< of its devices
  std::optional<Span> measured;        ///< so much of its run
  std::vector<std::string> notes;      ///< "stdout of rank 0 was cut at 1G"
};

struct JobDetail {
  JobSummary summary;
  JobSpec spec;                 ///< without `inherited`
  std::vector<GangView> gangs;  ///< a page of them, those that ended badly or run first
  std::uint32_t first_gang = 0;
  std::optional<Joules> energy = {};  ///< of all gangs that were measured; empty: none was
};

constexpr std::uint32_t newest_ended_listed = 10;
constexpr std::uint32_t most_listed = 10'000;

struct ListQuery {
  std::optional<GangPhase> phase;
  bool all = false;        ///< ended jobs too, beyond the newest few
  std::string name;        ///< only jobs of this name,
  std::string owner = {};  ///< of this person,
  std::string queue = {};  ///< in this queue,
  std::string text = {};   ///< with this as a part of their name or owner; case does not count
  JobId before = {};       ///< with smaller numbers: the next page; 0: from the newest
  /// Those that wait in the order in which they would start, before all others; `before` counts
  /// for nothing then.
  bool by_start = false;
  std::uint32_t limit = 50;
};

/// The smallest change that would start it now, tried by planning with it.
struct Suggestion {
  std::string change;  ///< "ask for 2 gpus instead of 4"
  Time start;          ///< when it would start then
};

struct WhyAnswer {
  JobId job;
  GangPhase phase = GangPhase::waiting;
  std::string reason;                   ///< one sentence: what blocks it and who holds that
  std::optional<Time> expected;         ///< empty: cannot be known
  std::string expected_because;         ///< how we know, or why we cannot
  std::vector<Suggestion> suggestions;  ///< best first
  /// How long each of its gangs is guessed to run, and by what; empty: the policy asks for no
  /// guess.
  std::string run_guessed = {};
};

struct DeviceUse {
  std::vector<std::pair<GangId, Share>> gangs;
  std::string foreign;                      ///< "pid 4242 (python3) of eve"; empty: nobody
  bool leased = false;                      ///< by another service
  std::vector<std::string> set_aside = {};  ///< reservations and maintenance, now or later
};

/// A part of a cluster that has its own queue, as the system that places there has it.
struct PartitionView {
  std::string name;
  bool is_default = false;
  bool up = true;
  std::optional<Span> longest = {};  ///< that a job may run; empty: no limit
  bool operator==(const PartitionView&) const = default;
};
struct DevicesHeld {
  std::string model;  ///< empty: it is not told
  std::uint32_t count = 0, held = 0;
  bool operator==(const DevicesHeld&) const = default;
};
/// What the system that places on a node says of it: what all hold who use it, by Gangline or not.
struct PlacedNode {
  Time at;            ///< when it said so
  std::string state;  ///< "idle", "mixed", "full", "drained: bad fan"
  std::vector<PartitionView> partitions;
  CpuAmount cpus_held;
  Bytes memory_held{0};
  std::vector<DevicesHeld> devices;         ///< of each model
  std::vector<std::uint32_t> devices_held;  ///< those of which it says that they are held
};

struct NodeView {
  NodeId id;
  Node node;
  std::optional<NodeSample> sample;
  std::vector<DeviceUse> use;  ///< one for each device
  CpuSet cpus_taken;
  Bytes memory_taken{0};
  std::vector<std::string> set_aside = {};  ///< as in DeviceUse, what takes none of its devices
  CpuAmount counted_taken{};                ///< where CPUs are only counted
  std::optional<PlacedNode> placed = {};    ///< only where another system places
};

struct LogQuery {
  GangId gang;
  std::uint32_t attempt = 0;  ///< 0: the newest
  std::uint32_t rank = 0;
  bool error_stream = false;     ///< stderr instead of stdout
  std::uint64_t from = 0;        ///< byte offset
  std::uint32_t most = 1 << 20;  ///< bytes wanted at most
};

struct LogChunk {
  std::string bytes;
  std::uint64_t from = 0;     ///< of the first byte; larger than asked where bytes were dropped
  std::uint64_t size = 0;     ///< of the whole log now
  std::uint64_t dropped = 0;  ///< bytes left out between the offset asked for and `from`
};

/// What becomes of one key of a job file in the system that a job is handed to.
struct FieldTranslated {
  std::string field;  ///< "gpu_memory"
  std::string how;    ///< "exact", "near", "impossible"
  std::string says;   ///< what it becomes, or why it cannot be
};
struct Translation {
  std::vector<FieldTranslated> fields;
  std::string script;  ///< that would be sent
};

/// What a submit says back.
struct Submitted {
  JobId id;
  std::uint32_t gangs = 1;
  std::optional<std::string> note = {};  ///< what was decided of it that nobody said
};

/// Asks to wait until the job has ended or `longest` has passed, whichever is first.
struct WaitQuery {
  JobId job;
  std::optional<std::uint32_t> index;  ///< one gang only
  Span longest{0};
};

struct StopRequest {
  JobId job;
  std::optional<std::uint32_t> index;
  bool at_once = false;
  std::string by;  ///< set by the service, not by the client
};

struct ServiceStatus {
  std::string version;
  std::int64_t pid = 0;
  Time started;
  std::string state_dir;
  std::uint64_t waiting = 0, running = 0, ended = 0;  ///< gangs
  std::uint64_t jobs = 0;                             ///< all that there were
  bool stays = false;                                 ///< does not end when idle
  std::string trouble;                                ///< "the disk is full: …"; empty: none
  std::vector<std::string> notes = {};                ///< what in the config file does nothing
  std::string way = {};  ///< how the cluster is asked: "Slurm's programs"; empty: this machine
};

}  // namespace gangline
