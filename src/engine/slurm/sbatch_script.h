// A gang, or many of one job, as a script for sbatch or as the words of one srun.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/slurm/site/site.h"
#include "model/job.h"

namespace gangline {

struct ScriptParts {
  std::string gang_program;       ///< absolute path of `gang`, that the nodes see too
  std::string directory;          ///< of the sending: SendingFiles::directory()
  std::string tag;                ///< [A-Za-z0-9._-]+, so that the job is found again
  std::uint32_t alternative = 0;  ///< of the request: alternative_for()
  /// Where our program on the node says what is wrong, as --output has it: "%a" is the number in
  /// the array (0 without one), "%j" Slurm's number of the job. A path in it goes through
  /// slurm_pattern_of().
  std::string said_file_pattern;
  std::string dependency = {};  ///< as --dependency has it: dependency_on(); empty: none
  bool held = false;            ///< Slurm is to hold it back
};

/// Gangs begin .. begin + count - 1, as one sending.
struct ArrayCut {
  std::uint32_t first = 0;
  std::uint32_t count = 1;
  bool operator==(const ArrayCut&) const = default;
};
/// How so many gangs are cut where an array may have `max_array_size` elements (0: no arrays; see
/// SlurmSite: the smaller of max_array_size and max_array_tasks). Elements of an array are numbered
/// from 0: gang = order.first + SLURM_ARRAY_TASK_ID, and without one (a sending of one gang is no
/// array) order.first.
std::vector<ArrayCut> cut_for_arrays(std::uint32_t first, std::uint32_t count,
                                     std::uint32_t max_array_size);

/// The whole script; it ends in `exec GANG internal-slurm-gang DIRECTORY`.
std::string sbatch_script(const JobSpec& spec, std::uint32_t first, std::uint32_t count,
                          const SlurmSite& site, const ScriptParts& parts);

/// The call that sends a script. With `test_only` nothing is sent: Slurm says when it would start.
std::vector<std::string> sbatch_words(const std::string& script_path, const std::string& tag,
                                      bool test_only = false);
/// What `sbatch --parsable` answers: "17" or "17;cluster". An Error for anything else.
Result<std::string> read_sbatch_answer(std::string_view text);
/// What `sbatch --test-only` says on its stderr: when and where it would start.
struct TestedStart {
  Time start;
  std::string nodes;  ///< "n[1-2]"
};
/// Nothing: it would never start, or the text makes no sense.
std::optional<TestedStart> read_test_only(std::string_view said);
/// `srun` that starts a gang of one task at once or fails. Slurm's number of the job is in
/// SLURM_JOB_ID on the node.
std::vector<std::string> srun_words(const JobSpec& spec, std::uint32_t gang, const SlurmSite& site,
                                    const ScriptParts& parts);

/// "--partition=gpu", "--account=physics", …: what is said, in this order.
std::vector<std::string> usual_options(const SlurmUsual& usual, const std::string& partition);
/// An option as a line of a script, which sbatch reads by rules of its own.
std::string sbatch_line(const std::string& option);
/// A path for --output, which reads % and \ in its own way.
std::string slurm_pattern_of(std::string_view path);
/// The limit that Slurm is given, in whole minutes: what gang `index` may run, the grace, and one
/// more, as far as the queue allows. Empty: the job has none.
std::optional<std::int64_t> slurm_minutes(const JobSpec& spec, std::uint32_t index,
                                          std::uint32_t alternative, const SlurmSite& site);
/// A job that asks for no time, in a queue that has a limit: how long before it Slurm warns the
/// job. Empty: it does not.
std::optional<Span> slurm_warning(const JobSpec& spec, std::uint32_t index,
                                  std::uint32_t alternative, const SlurmSite& site);
/// A name as Slurm has it: without what ends a line or moves a cursor.
std::string slurm_name_of(std::string_view name);
/// "--gpus-per-task=h100:2", or "--gres=gpu:h100:2" where GPUs are given to nodes.
std::string gpu_option(const JobSpec& spec, const DeviceRequest& asked, const SlurmSite& site);
/// "--mem=16384M" for one task; "--mem-per-cpu=4096M" for several, which may share a node.
std::string memory_option(const JobSpec& spec, const TaskRequest& task);
/// The most elements that an array may have here; 0: there are no arrays.
std::uint32_t most_elements(const SlurmSite& site);

}  // namespace gangline
