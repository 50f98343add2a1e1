// Why Slurm lets a job wait, or ended it, in words that need no knowledge of Slurm.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace gangline {

/// "others go first (Priority)": Slurm's own word stands in brackets. Any text may be asked for.
std::string reason_in_words(std::string_view reason);
/// Somebody holds it back.
bool is_held(std::string_view reason);
/// False: what it waits for is not room, so that with less of anything it would wait as long.
bool could_start_with_less(std::string_view reason);

/// What a program of Slurm wrote on its stderr when it failed, as an error with what to try.
/// ErrorKind::unavailable: Slurm did not answer, so it is not known whether it did what was asked;
/// denied: not allowed to this person; not_found: no such job; refused: all else.
Error slurm_error(std::string_view program, std::string_view said);
}  // namespace gangline
