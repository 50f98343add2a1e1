// The two commands that programs give and people do not: `gang internal-complete WORDS`, for the
// scripts of shells, and `gang internal-manual FOLDER`, which writes the man pages of a package.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command_world.h"

namespace gangline {

/// `gang internal-complete`: silent whatever fails, starts no service.
bool is_for_shells(const std::vector<std::string>& words);
bool is_manual(const std::vector<std::string>& words);

/// Runs either of the two; empty where `words` name another command.
std::optional<int> run_internal_words(const std::vector<std::string>& words, CommandWorld& around);

}  // namespace gangline
