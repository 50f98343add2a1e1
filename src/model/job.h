// What somebody asked for. A JobSpec never changes once it is accepted.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/units.h"
#include "model/environment.h"
#include "model/notify.h"
#include "model/person.h"
#include "model/resources.h"

namespace gangline {

/// A string for the shell (`shell`, one word: the whole script) or a list of words for exec.
struct Command {
  bool shell = false;
  std::vector<std::string> words;
  bool operator==(const Command&) const = default;
};

struct SweepAxis {
  std::string name;
  std::vector<std::string> values;
  bool operator==(const SweepAxis&) const = default;
};

/// One piece of a split. `text` is what `{shard}` stands for, unless the split is of `lines` with
/// pieces of several: then the piece is the bytes [begin, end) of the split's source, and the
/// launcher writes them to a file, for whose path `{shard}` stands.
struct Shard {
  std::string text;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  bool operator==(const Shard&) const = default;
};

enum class SplitKind : std::uint8_t { files, lines, items };

struct Split {
  SplitKind kind = SplitKind::files;
  std::string source;    ///< absolute path of the file of lines or items; the pattern for files
  Bytes source_size{0};  ///< of the file of lines when it was submitted, to notice a change
  Time source_modified{0};
  std::vector<Shard> shards;
  bool operator==(const Split&) const = default;
};

/// After which ends a gang is started again while it has `retries` left.
enum class RetryOn : std::uint8_t {
  lost,     ///< its node, launcher or device failed (always part of the default)
  failure,  ///< the program ended with another code than 0 or by a signal
  memory,   ///< out of memory
  time,     ///< its time was up
};
const char* name_of(RetryOn on);  ///< "lost", …

/// How the tasks of a gang find each other, beyond the variables that are always set.
enum class TeamLauncher : std::uint8_t { plain, mpi };

/// Who said whether a job runs on nodes of a pilot.
enum class PilotSaidBy : std::uint8_t { person, service };
const char* name_of(PilotSaidBy who);  ///< "person", "service"

struct JobSpec {
  std::string name;
  Command command;
  ResourceRequest resources;
  std::optional<Span> time;  ///< the most one gang may run; see TaskRequest::rate
  std::string queue = "normal";
  std::int32_t priority = 0;  ///< higher goes first
  std::uint32_t retries = 0;
  std::vector<RetryOn> retry_on{RetryOn::lost};
  std::vector<std::string> after;  ///< names or numbers of jobs that must have ended well
  std::string dir;                 ///< absolute
  std::vector<EnvVar> env;         ///< set by the job file or flags; wins over `inherited`
  Environment inherited;           ///< the environment it was submitted from
  std::vector<SweepAxis> sweep;    ///< one gang for each combination, the last axis fastest
  std::optional<Split> split;      ///< one gang for each shard (times the sweep, if any)
  std::optional<Command> gather;   ///< one more gang of one task, after all others ended well
  TeamLauncher launcher = TeamLauncher::plain;
  std::int32_t stop_signal = 15;   ///< sent first on stop and on the end of `time`
  Span grace = seconds(10);        ///< between that signal and SIGKILL
  bool checkpoint = false;         ///< stopped for others, it goes on later from where it was
  Bytes log_limit = gibibytes(1);  ///< per log file of a task
  bool mps = false;                ///< its GPUs run NVIDIA's Multi-Process Service for it
  bool lossy = false;  ///< what the system that it is handed to cannot do may be left out
  bool pilot = false;  ///< where Slurm gives nodes: on those of a pilot, where we choose the place
  /// What is submitted twice by one person with the same key is one job; empty: no key.
  std::string submit_key = {};
  std::optional<PilotSaidBy> pilot_said_by;  ///< the service says it of many short gangs
  std::optional<NotifyOn> notify = {};       ///< empty: as the config file says
  bool operator==(const JobSpec&) const = default;
};

/// Gangs of the sweep and split, without the gather: at least 1 for an accepted spec.
std::uint32_t gang_count(const JobSpec& spec);
/// Number of the gather gang: it comes last. Only where there is one.
inline std::uint32_t gather_index(const JobSpec& spec) { return gang_count(spec); }
/// All gangs, the gather too.
inline std::uint32_t total_gangs(const JobSpec& spec) {
  return gang_count(spec) + (spec.gather ? 1u : 0u);
}
/// What gang `index` asked for of each task where it has this alternative.
TaskRequest task_of(const JobSpec& spec, std::uint32_t index, std::uint32_t alternative);
/// The most gang `index` may run with this alternative: `time` counts for rate 1.
std::optional<Span> time_limit_of(const JobSpec& spec, std::uint32_t index,
                                  std::uint32_t alternative);
/// Gang `index` of a spec with a split works on this shard. Shards vary slower than the sweep.
std::uint32_t shard_of(const JobSpec& spec, std::uint32_t index);
/// The sweep's names with their values for gang `index`, in the order of the axes.
std::vector<EnvVar> sweep_values(const JobSpec& spec, std::uint32_t index);

struct Job {
  JobId id;
  std::string owner;  ///< login name
  std::uint32_t uid = 0;
  Time submitted;
  std::shared_ptr<const JobSpec> spec;  ///< never null
  /// Whom its tasks run as; null: as whoever runs the launcher.
  std::shared_ptr<const Person> person = nullptr;
};

// Limits on one job. Each error that names one says its number.
constexpr std::uint32_t most_gangs_in_a_job = 1'000'000;
constexpr std::uint32_t most_tasks_in_a_gang = 65'536;
constexpr std::size_t longest_name = 128;
constexpr std::size_t longest_submit_key = 128;
constexpr std::size_t longest_command = 1 << 20;  ///< bytes, all words together
constexpr std::size_t most_env_vars = 4'096;
constexpr std::size_t most_sweep_axes = 32;
constexpr std::size_t most_alternatives = 32;
constexpr std::uint32_t highest_rate = 1'000'000;  ///< of an alternative, in thousandths
constexpr std::uint32_t most_retries = 1'000;
constexpr std::int32_t highest_priority = 1'000'000;  ///< and the lowest is its negative
constexpr std::size_t largest_job_file = 16 << 20;    ///< bytes
constexpr std::size_t largest_split = 64 << 20;       ///< bytes of all shards' texts together

}  // namespace gangline
