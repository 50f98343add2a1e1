// Something that happened, with a time. Only events change what Gangline believes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/units.h"
#include "model/allocation.h"
#include "model/cluster.h"
#include "model/job.h"

namespace gangline {

/// Why a gang is over.
enum class EndCause : std::uint8_t {
  done,           ///< every task ended with 0
  failed,         ///< a task ended with another code, or by a signal nobody of us sent
  out_of_memory,  ///< the kernel or the memory limit killed a task
  time_limit,     ///< its time was up
  stopped,        ///< somebody stopped it
  not_started,    ///< a task could not be started: no such program, directory or permission
  lost,           ///< its node, launcher or device failed; how it ended is not known
  dependency,     ///< a job that it came after did not end well
  preempted,      ///< it made room for another one, and waits again
};
const char* name_of(EndCause cause);  ///< "done", "out-of-memory", …

struct Ending {
  EndCause cause = EndCause::done;
  std::optional<std::uint32_t> rank;  ///< the task that decided it
  std::optional<std::int32_t> exit_code;
  std::optional<std::int32_t> signal;
  std::string detail;      ///< one sentence for people; empty where `cause` says it all
  std::string last_lines;  ///< of that task's stderr (else stdout), at most 2 KiB
  Span cpu_time{0};        ///< of all tasks
  Bytes peak_memory{0};    ///< of the largest process
  bool operator==(const Ending&) const = default;
};

/// The exit code that `gang run` ends with: that of the task; 128 + its signal; 1 where it never
/// ran.
int exit_code_of(const Ending& ending);

/// What keeps a gang to its allocation, and whether it really does.
struct Fence {
  std::string name;    ///< "devices", "cpus", "memory"
  bool holds = false;  ///< true: the kernel enforces it, whatever the program does
  std::string how;  ///< "device cgroup (v1)", "CUDA_VISIBLE_DEVICES only; a program can ignore it"
  bool operator==(const Fence&) const = default;
};

/// A node appeared or its facts changed.
struct NodeSeen {
  NodeId id;
  Node node;
};
/// Somebody outside Gangline uses a device; `holder` empty: no longer.
struct ForeignUse {
  DeviceId device;
  std::string holder;   ///< "pid 4242 (python3) of eve"
  bool leased = false;  ///< another service allotted it, so nobody else ever may meanwhile
};
struct JobSubmitted {
  Job job;
};
/// Gangs first .. first + count - 1 are to start: they take turns on one allocation, one at a time,
/// in order. Mostly count is 1; for many short gangs of one job it saves a decision for each.
struct StartAsked {
  JobId job;
  std::uint32_t first = 0;
  std::uint32_t count = 1;
  std::uint32_t attempt = 1;
  std::shared_ptr<const Allocation> allocation;
  std::string boot = {};  ///< Engine::boot() when it was asked
};
/// Turns that were asked for and not begun go back to waiting (a stop, or somebody more urgent).
struct TurnsReturned {
  JobId job;
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};
struct GangStarted {
  GangId gang;
  std::uint32_t attempt = 1;
  std::vector<Fence> fences;
  /// Where the engine placed it, if it places by itself; null: where it was asked to.
  std::shared_ptr<const Allocation> where = nullptr;
};
struct GangEnded {
  GangId gang;
  std::uint32_t attempt = 1;
  Time started{0};  ///< 0: it never ran
  Ending ending;
  bool again = false;  ///< it waits again, with one attempt more
};
/// Somebody asked to stop a job (or one gang of it).
struct StopAsked {
  JobId job;
  std::optional<std::uint32_t> index;
  std::string reason;  ///< "stopped by anna"
};
/// A gang that runs was asked to make room for `by`, and will wait again.
struct RoomAsked {
  GangId gang;
  std::uint32_t attempt = 1;
  JobId by;
};
/// All gangs of the job that wait are over (or the one with `index`).
struct WaitingEnded {
  JobId job;
  std::optional<std::uint32_t> index;
  Ending ending;
  std::optional<std::uint32_t> gangs = {};  ///< so many; empty: nobody wrote it down
};
/// The gang will start by `start` at the latest, unless a cause is named. May only improve.
struct Promised {
  GangId gang;
  Time start;
  /// Not stored: after a restart another place is found for the same start. Null: not known.
  std::shared_ptr<const Allocation> where = nullptr;
};
struct PromiseGivenUp {
  GangId gang;
  std::string cause;
};
/// Part of a log was dropped because the task wrote more than its limit.
struct LogTrimmed {
  GangId gang;
  std::uint32_t rank = 0;
  bool error_stream = false;
  Bytes limit{0};
};

/// What readings of its devices said of a gang that has ended.
struct GangMeasured {
  GangId gang;
  std::uint32_t attempt = 1;
  std::optional<Joules> energy;        ///< of its shares of the devices
  std::optional<double> busy_percent;  ///< mean over its devices and the time that was read
  Span read{0};                        ///< so much of its run was read
};

using EventBody = std::variant<NodeSeen, ForeignUse, JobSubmitted, StartAsked, TurnsReturned,
                               GangStarted, GangEnded, StopAsked, RoomAsked, WaitingEnded, Promised,
                               PromiseGivenUp, LogTrimmed, GangMeasured>;

struct Event {
  Time at;
  EventBody body;
};

}  // namespace gangline
