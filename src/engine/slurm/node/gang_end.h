// From the ends of its tasks, and why it was stopped, to the end of a gang.
#pragma once

#include <optional>
#include <string>

#include "engine/slurm/node/team.h"
#include "engine/slurm/sending.h"

namespace gangline {

/// Why the tasks that still ran were ended. `failed`: what the first that failed says of itself
/// counts.
struct GangStop {
  EndCause cause = EndCause::stopped;
  std::string detail;
};

/// Without last lines. `at`: where no task says when it ended.
EndNote end_of_gang(const TeamEnds& ends, const std::optional<GangStop>& stop, Time at);

}  // namespace gangline
