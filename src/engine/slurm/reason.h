// Why Slurm lets a job wait, or ended it, in words that need no knowledge of Slurm.
#pragma once

#include <string>
#include <string_view>

namespace gangline {

/// "others go first (Priority)": Slurm's own word stands in brackets. Any text may be asked for.
std::string reason_in_words(std::string_view reason);

}  // namespace gangline
