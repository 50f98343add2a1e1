// A job from the flags of `gang run` and `gang submit`, which carry the names of the job file's
// keys.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "jobspec/job_file.h"
#include "model/job.h"

namespace gangline {

/// Everything as it was typed.
struct JobFlags {
  std::optional<std::string> name, tasks, gpus, gpu_memory, model, device, cpus, memory, time,
      queue, priority, retries, dir, launcher, notify, grace, stop_signal, checkpoint, log_limit,
      mps, lossy, pilot;
  std::vector<std::string> retry_on;  ///< of each, and of `after`: words between commas
  std::vector<std::string> after;
  std::vector<std::string> env;      ///< "KEY=value"
  std::vector<std::string> sweep;    ///< "lr=0.1,0.01" or "seed=1..8"
  std::vector<std::string> command;  ///< the words behind `--`
};

/// Paths start from `working_directory`, which is absolute. `where` of a mistake is the flag:
/// "--gpus". A job without a name is called like its program.
Result<JobSpec> spec_from_flags(const JobFlags& flags, const std::string& working_directory,
                                std::vector<Error>* mistakes = nullptr);

/// The job of a file with flags on top: a flag takes the place of the key of its name, `--env` and
/// `--sweep` that of one name in the table, a command that of the command; a flag that asks for
/// devices takes the place of `any_of`.
Result<JobSpec> spec_from_file_and_flags(const JobFile& file, const JobFlags& flags,
                                         const std::string& working_directory,
                                         const SplitFiles& files,
                                         std::vector<Error>* mistakes = nullptr);

}  // namespace gangline
