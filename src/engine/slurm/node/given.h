// What Slurm tells a program that it runs of the job and the step which that is part of.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/slurm/sending.h"

namespace gangline {

/// The environment of a process.
using SlurmVariables = std::map<std::string, std::string>;
SlurmVariables variables_here();
/// Empty where there is no such variable.
const std::string& variable_of(const SlurmVariables& variables, const std::string& name);
/// Whether Slurm, or one of its plugins for MPI, sets it for each job anew.
bool is_of_slurm(std::string_view name);

/// A job of Slurm's as its first node sees it.
struct SlurmGiven {
  std::string job;     ///< "17" or "17_3", for people
  std::string job_id;  ///< by which scontrol finds it
  std::uint32_t restarts = 0;
  bool in_step = false;  ///< of an srun, to which all that was given belongs
  std::string node;      ///< this one's name
  /// In the order of ranks. The GPUs are known of this node alone.
  std::vector<NodeGiven> nodes;
};
Result<SlurmGiven> read_given(const SlurmVariables& variables, std::uint32_t tasks);
/// The element of an array that this is.
std::optional<std::uint32_t> array_index(const SlurmVariables& variables);

/// One task of a step, among the others.
struct RankGiven {
  std::uint32_t rank = 0;
  std::uint32_t local_rank = 0;              ///< among those of its node
  std::uint32_t node = 0;                    ///< which of the step's
  std::vector<std::string> names;            ///< of the step's nodes
  std::vector<std::uint32_t> tasks_on_node;  ///< of each
};
Result<RankGiven> read_rank(const SlurmVariables& variables);

/// The devices that this process was told to use, as the vendor's runtime takes them.
std::vector<std::string> visible_devices(const SlurmVariables& variables,
                                         const std::string& vendor);
/// Those of one task, `each` of them. Slurm names a task either its own or all of its node.
/// Empty: there are not enough.
std::vector<std::string> devices_of_rank(const std::vector<std::string>& visible,
                                         std::uint32_t each, std::uint32_t local_rank);

}  // namespace gangline
