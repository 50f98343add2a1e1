// [on.slurm] of the config file, and what `gang profile` asks the cluster for it.
#pragma once

#include <string>

#include "base/result.h"
#include "model/slurm_survey.h"

namespace gangline {

/// `state` of [on.slurm] in the config file at `config`, whose "~/" is `home`; empty: it says none,
/// or there is no such file. An Error where that cannot be told.
Result<std::string> configured_slurm_state(const std::string& config, const std::string& home);

/// Waits for Slurm's programs. Where `tries`, a job is sent that looks for the state directory.
Result<SlurmSurvey> survey_of_slurm(bool tries);

/// Whole or not at all. A file that is there keeps its mode, and a link its target.
Result<void> write_config(const std::string& path, const std::string& text);

}  // namespace gangline
