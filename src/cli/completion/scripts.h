// The scripts that teach a shell to complete `gang`. They know no commands: they ask the program on
// the line
// (`gang internal-complete WORDS`), so they fit each version of it.
#pragma once

#include <string>

#include "cli/output.h"

namespace gangline {

/// `shell` is bash, zsh or fish.
int run_completion(const std::string& shell, Output& out);

}  // namespace gangline
