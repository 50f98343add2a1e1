// Job files that come over the network, as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/job.h"

namespace gangline {

/// The job, or all that is wrong with it, each with its place: "job.toml:3:1". Relative paths start
/// at `directory`; a job without a name is called "job".
Result<JobSpec> read_job_text(std::string_view text, const std::string& directory,
                              std::vector<Error>& mistakes);

/// {"mistakes":[{"what":…,"where":…,"line":3,"hint":…}],"kind":…,"what":…}: whoever looks for the
/// sentence of any error finds it here too.
std::string json_of_mistakes(const std::vector<Error>& mistakes);

}  // namespace gangline
