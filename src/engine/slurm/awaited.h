// What a sending waits for in Slurm. Slurm is told of it as a dependency; a slurmctld that was
// killed may forget that, so the program on the node looks for itself before it runs anything.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/slurm/sending.h"

namespace gangline {

/// One job or array of Slurm that must have ended well.
struct Awaited {
  JobId job;
  std::string tag;
  std::string number;  ///< Slurm's
  bool operator==(const Awaited&) const = default;
};

/// In place of what was noted before.
Result<void> note_awaited(const SendingFiles& files, const std::vector<Awaited>& awaited);
/// What of it has not ended well, in words; empty: all of it has. One whose files are gone has:
/// they stay until the service knows its end, and what waited for one that failed is withdrawn
/// before.
std::string not_ended_well(const SendingFiles& files, const std::string& state_dir);

/// "afterok:17:18", for --dependency. Not for none.
std::string dependency_on(const std::vector<Awaited>& awaited);

}  // namespace gangline
