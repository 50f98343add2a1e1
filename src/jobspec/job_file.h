// The job file: TOML, as the guide describes it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jobspec/split_files.h"
#include "model/job.h"

namespace gangline {

struct JobFile {
  std::string_view text;
  std::string name;       ///< as it is to stand in messages: "train.toml"
  std::string directory;  ///< where it stands, absolute: what `dir` and the split start from
};

/// All of the job or nothing. Fails with the first mistake of the file; `mistakes`, where given,
/// gets all of them, at most `most_mistakes_told`, in the order of the file. `where` is
/// "train.toml:3:1". A job without a name is called like its file. `inherited` is left empty.
Result<JobSpec> read_job_file(const JobFile& file, const SplitFiles& files,
                              std::vector<Error>* mistakes = nullptr);

}  // namespace gangline
