// What each format's file gives to the table of formats: whether a file looks like it, and its
// reader.
#pragma once

#include <string_view>

#include "replay/input/input.h"
#include "replay/readers/read_history.h"

namespace gangline {

bool looks_like_slurm_text(std::string_view head);
bool looks_like_slurm_json(std::string_view head);
bool looks_like_swf(std::string_view head);
bool looks_like_openb(std::string_view head);
bool looks_like_philly(std::string_view head);
bool looks_like_helios(std::string_view head);
bool looks_like_tiresias(std::string_view head);
bool looks_like_batsim(std::string_view head);
bool looks_like_pollux(std::string_view head);
bool looks_like_gavel(std::string_view head);
bool looks_like_kubernetes_pods(std::string_view head);
bool looks_like_plain(std::string_view head);

Result<History> read_slurm_text(Input& input, const HowToRead& how);
Result<History> read_slurm_json(Input& input, const HowToRead& how);
Result<History> read_swf(Input& input, const HowToRead& how);
Result<History> read_openb(Input& input, const HowToRead& how);
Result<History> read_philly(Input& input, const HowToRead& how);
Result<History> read_helios(Input& input, const HowToRead& how);
Result<History> read_tiresias(Input& input, const HowToRead& how);
Result<History> read_batsim(Input& input, const HowToRead& how);
Result<History> read_pollux(Input& input, const HowToRead& how);
Result<History> read_gavel(Input& input, const HowToRead& how);
Result<History> read_kubernetes_pods(Input& input, const HowToRead& how);
Result<History> read_plain(Input& input, const HowToRead& how);

}  // namespace gangline
