// [on.slurm] as it is written for a person: what a survey of the cluster found, with comments.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/slurm_survey.h"

namespace gangline {

/// The lines of the section.
std::string profile_text(const SlurmSurvey& survey);

/// `text` of a config file, byte for byte, with `section` behind it. An Error where what comes out
/// would be no config file.
Result<std::string> with_profile(std::string_view text, const std::string& section,
                                 const std::string& file_name);

}  // namespace gangline
