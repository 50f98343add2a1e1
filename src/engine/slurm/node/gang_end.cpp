#include "engine/slurm/node/gang_end.h"

#include <algorithm>

#include "base/text.h"

namespace gangline {
namespace {

/// Sums and the latest end, over all tasks of which they are known.
void add_up(const TeamEnds& ends, EndNote& gang) {
  for (const auto& task : ends.end) {
    if (!task) continue;
    gang.at = std::max(gang.at, task->at);
    gang.ending.cpu_time = gang.ending.cpu_time + task->ending.cpu_time;
    gang.ending.peak_memory = std::max(gang.ending.peak_memory, task->ending.peak_memory);
  }
}

/// Why it is not known how that task ended.
std::string not_seen(const TeamEnds& ends, std::uint32_t rank) {
  std::string said;
  for (const std::string_view line : split(ends.trouble, '\n'))
    if (!trim(line).empty()) said += (said.empty() ? "" : "; ") + std::string(trim(line));
  const std::string by_slurm = said.empty() ? "" : "; Slurm said: " + said;
  if (ends.started.us == 0) return "Slurm could not start its tasks" + by_slurm;
  return "how " + (ends.end.size() > 1 ? "rank " + std::to_string(rank) : "it") +
         " ended was not seen" + by_slurm;
}

/// What the task that decided says of its own end.
void take_end_of(const EndNote& task, Ending& ending) {
  ending.exit_code = task.ending.exit_code;
  ending.signal = task.ending.signal;
}

}  // namespace

EndNote end_of_gang(const TeamEnds& ends, const std::optional<GangStop>& stop, Time at) {
  EndNote gang;
  gang.started = ends.started;
  add_up(ends, gang);
  if (gang.at.us == 0) gang.at = at;
  Ending& ending = gang.ending;
  if (stop && stop->cause != EndCause::failed) {
    ending.cause = stop->cause;
    ending.detail = stop->detail;
    if (ends.end.front() && stop->cause != EndCause::lost) take_end_of(*ends.end.front(), ending);
    return gang;
  }
  if (!ends.failed) {
    ending.cause = ends.end.front() ? EndCause::done : EndCause::lost;
    if (ending.cause == EndCause::done) take_end_of(*ends.end.front(), ending);
    else ending.detail = not_seen(ends, 0);
    return gang;
  }
  const EndNote& decided = *ends.end[*ends.failed];
  ending.cause = decided.ending.cause;
  ending.rank = ends.failed;
  ending.detail = decided.ending.detail;
  if (ending.cause == EndCause::lost) ending.detail = not_seen(ends, *ends.failed);
  if (gang.started.us == 0) ending.rank.reset();
  take_end_of(decided, ending);
  if (ending.cause == EndCause::not_started) {
    gang.started = {0};
    ending.rank.reset();
  }
  return gang;
}

}  // namespace gangline
