// From the tree of what was written to a JobSpec. A file to each part of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "jobspec/mistakes.h"
#include "jobspec/split_files.h"
#include "jobspec/written.h"
#include "model/job.h"

namespace gangline {

/// What a job file means depends on where it stands.
struct Surroundings {
  std::string file_name;          ///< as it is to stand in messages; empty without a file
  std::string directory;          ///< absolute; what the file's paths start from
  std::string working_directory;  ///< absolute; what the paths of flags start from
  std::string default_name;       ///< of the job; empty: from its command
};

/// `files` may be null where no split is possible. Adds all mistakes to `mistakes`, where given,
/// and fails with the first.
Result<JobSpec> spec_from_tree(const Written& root, const Surroundings& around,
                               const SplitFiles* files, std::vector<Error>* mistakes);

/// tasks, gpus, gpu_memory, model, device, cpus, memory, any_of.
ResourceRequest read_resources(const Written& root, Mistakes& mistakes);
/// The table [sweep].
std::vector<SweepAxis> read_sweep(const Written& sweep, Mistakes& mistakes);
/// The table [split] of a job that runs in `dir`.
std::optional<Split> read_split(const Written& split, const std::string& dir,
                                const SplitFiles& files, Mistakes& mistakes);

/// `path` as an absolute one, without "." parts. ".." stays, because what it means depends on
/// links.
std::string absolute_path(std::string_view path, std::string_view from);

}  // namespace gangline
