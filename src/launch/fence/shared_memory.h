// Shared memory that tasks made and left: nobody's but theirs, and gone with their gang.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/units.h"

namespace gangline {

/// Processes that have ended, whose numbers nobody else had between `began` and `ended`.
struct GoneProcesses {
  std::vector<std::int64_t> pids;
  std::uint32_t uid = 0;  ///< whose files they made
  Time began;
  Time ended;
};

/// Removes what is certain to be theirs and what nobody has attached, mapped or open, as far as
/// this user can see: System V segments that one of them made in that time, and files of this user
/// in `directory`, made in that time and named by the number of one of them, as PyTorch names them.
/// What other names are whose, nobody can tell: such files stay. Returns how many were removed.
std::size_t remove_shared_memory(const GoneProcesses& gone,
                                 const std::string& directory = "/dev/shm");

}  // namespace gangline
