#include "jobspec/job_file.h"

#include "jobspec/flags.h"

namespace gangline {

Result<JobSpec> read_job_file(const JobFile& file, const SplitFiles& files,
                              std::vector<Error>* mistakes) {
  return spec_from_file_and_flags(file, JobFlags{}, file.directory, files, mistakes);
}

}  // namespace gangline
