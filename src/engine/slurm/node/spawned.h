// Slurm's own programs, run with pipes to all their ends.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "os/fd.h"

namespace gangline {

struct SpawnedProgram {
  pid_t pid = 0;
  Fd input, output, errors;
};
/// The program is looked for in PATH. It begins with no signal blocked.
Result<SpawnedProgram> spawn_program(const std::vector<std::string>& words,
                                     const std::vector<std::string>& environment);

/// What it writes to its output until it ends. An Error where it ends badly, or not in time, when
/// it is ended.
Result<std::string> ask_program(const std::vector<std::string>& words,
                                const std::vector<std::string>& environment, Span patience);

}  // namespace gangline
