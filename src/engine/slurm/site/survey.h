// What this cluster has and what it forbids, found out by asking Slurm's programs.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/slurm_survey.h"
#include "os/program.h"

namespace gangline {

struct SurveyAsked {
  std::string user;    ///< login name
  std::string state;   ///< directory that is to be used, which exists
  std::string disk;    ///< kind of its file system; empty: not known
  bool tries = false;  ///< a job is sent that looks for `state`
};

/// One call of one of Slurm's programs, waited for.
using SlurmCall = std::function<Result<ProgramAnswer>(const std::vector<std::string>& words)>;

/// An Error where nothing can run here: no programs, no answer, a Slurm before 21.08. All else that
/// is missing is told in `lacks`.
Result<SlurmSurvey> survey_slurm(const SurveyAsked& asked, const SlurmCall& call);

// The parts, of texts alone.

/// "22.05.8" is new enough; one that makes no sense is not.
bool is_new_enough(std::string_view version);
/// Names that `srun --mpi=list` prints, on whichever of its outputs.
std::vector<std::string> read_mpi_types(std::string_view text);
/// What `sacctmgr -nP show assoc format=Account,DefaultQOS,QOS` prints: into accounts and qoses.
struct Associations {
  std::vector<std::string> accounts, qoses;
  std::string qos;  ///< the default one; empty: none is said
};
Associations read_associations(std::string_view text);
/// By the kind of a file system: "nfs", "lustre", "ext4".
SharedDisk is_shared_disk(std::string_view kind);
/// The one where jobs without a queue go: Slurm's default, else one that is up, with GPUs if one
/// has some.
std::string partition_of(const std::vector<SurveyedPartition>& partitions);

}  // namespace gangline
