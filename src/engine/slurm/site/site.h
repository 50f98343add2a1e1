// What Slurm says of itself, its partitions and its nodes. All of it is text of another program:
// whatever it is, it is an Error or passed over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "model/cluster.h"
#include "model/environment.h"
#include "model/slurm_profile.h"

namespace gangline {

struct SlurmPartition {
  std::string name;
  bool is_default = false;
  bool up = true;
  std::optional<Span> max_time = {};      ///< empty: no limit
  std::optional<Span> default_time = {};  ///< of jobs that ask for none; empty: max_time
  std::string nodes = {};                 ///< as Slurm lists them: "n[1-4]"

  /// What a job that asks for no time may run; empty: no limit.
  std::optional<Span> time_if_not_asked() const { return default_time ? default_time : max_time; }
};

/// Devices as they are asked for: "gpu" or "gpu:h100".
struct GresType {
  std::string name;  ///< "gpu"
  std::string type;  ///< "h100", "1g.10gb"; empty: the site gives its GPUs no type
  std::uint32_t most_on_a_node = 0;
  bool operator==(const GresType&) const = default;
};

struct SlurmSite {
  std::string version;  ///< "22.05.8"; empty: not told
  std::vector<SlurmPartition> partitions;
  std::uint32_t max_array_size = 1'001;  ///< indices stay below it; 0: no arrays
  std::uint32_t max_array_tasks = 1'001;
  bool accounting = false;               ///< sacct has something to say
  bool gpus_per_task = true;             ///< --gpus-per-task is understood (select/cons_tres)
  Span kill_wait = seconds(30);          ///< between TERM and KILL when Slurm ends a job
  bool warns = true;                     ///< a script can be warned of its end as early as one asks
  std::string mpi_default;               ///< "none", "pmix", "pmi2"
  std::vector<GresType> gres;            ///< of all nodes but those that are barred, in their order
  SlurmUsual usual = {};                 ///< what our config file says of all jobs
  std::vector<std::string> barred = {};  ///< nodes that its constraint leaves out, sorted

  /// Null: there is none of that name.
  const SlurmPartition* partition(std::string_view name) const;
  /// What --partition says for `queue` of a job file: "normal" is the one that the config file
  /// names, else one of that name. Empty: Slurm's default one, or there is none of that name.
  std::string partition_word(const std::string& queue) const;
  /// The partition where it goes then. Null: nowhere.
  const SlurmPartition* partition_for(const std::string& queue) const;
  bool has_gpus() const;
  bool bars(const std::string& node) const;
};

/// What Slurm says of a node and of its use, in its own words.
struct SlurmNodeSeen {
  std::string name;
  std::uint32_t cpus = 0;              ///< 0: not told
  std::uint32_t memory = 0;            ///< MiB
  std::uint32_t memory_of_system = 0;  ///< of these, what jobs never get
  std::string gres = {};               ///< "gpu:h100:8(S:0-1)"
  std::string state = {};              ///< "MIXED+DRAIN"
  std::string reason = {};             ///< "bad fan [root@2026-11-27T09:42:03]"
  std::uint32_t cpus_held = 0;
  std::uint32_t memory_held = 0;  ///< MiB
  std::string gres_used = {};     ///< "gpu:h100:3(IDX:0-1,3)"
  std::string tres_used = {};     ///< "cpu=4,gres/gpu=2"
  std::vector<std::string> partitions = {};
  std::vector<std::string> features = {};  ///< that it has or could be booted with
};

// The calls, and what is made of their answers.
std::vector<std::string> config_words();      ///< scontrol show config
std::vector<std::string> partitions_words();  ///< scontrol show partition -o
std::vector<std::string> nodes_words();       ///< scontrol show node -d -o

/// An Error: `config` is not what scontrol prints.
Result<SlurmSite> read_slurm_site(std::string_view config, std::string_view partitions,
                                  std::string_view nodes);
std::vector<SlurmPartition> read_slurm_partitions(std::string_view text);
/// Nodes with counted CPUs, a device for each GPU ("gpu0", …), up or not and why.
std::vector<Node> read_slurm_nodes(std::string_view text);
std::vector<SlurmNodeSeen> read_node_lines(std::string_view text);
Node node_of(const SlurmNodeSeen& seen);
std::vector<Node> nodes_of(const std::vector<SlurmNodeSeen>& seen);
std::vector<GresType> gres_types_of(const std::vector<Node>& nodes);

/// "n[1-3,07],login" as names. Nothing where it is no list or has more than most_slurm_nodes.
std::optional<std::vector<std::string>> expand_slurm_nodes(std::string_view list);

/// The variables that Slurm's programs are called with, out of ours: without SLURM_… and SBATCH_…,
/// which would change what they do, and with times in UTC and lists of array elements not cut.
std::vector<EnvVar> environment_for_slurm(const std::vector<EnvVar>& ours);

constexpr std::size_t most_slurm_nodes = 65'536;
constexpr std::uint32_t most_slurm_gpus_on_a_node = 1'024;
constexpr std::size_t most_slurm_partitions = 4'096;

}  // namespace gangline
