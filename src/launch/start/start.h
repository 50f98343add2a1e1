// Makes the processes of a gang: all of them or none.
#pragma once

#include <string>
#include <vector>

#include "launch/recipe.h"
#include "launch/record.h"

namespace gangline {

/// Files of a task that are open before it is made, by which it enters its cgroups.
using CgroupDoors = std::vector<int>;

struct Started {
  /// One for each task that began. Empty: nothing has started.
  std::vector<BeganRecord> began;
  /// Why not all of them run; those that began must be ended.
  std::string failure;
  /// The disk was full. Nothing has started and it may be tried again.
  bool disk_full = false;
};

/// `began` says what the journal is to hold of each task, with its pid yet unknown. Each task
/// writes its own record to `journal` as its last act before exec. Blocks until all have done so.
/// `doors` is empty or has one entry for each task.
Started start_tasks(const GangRecipe& recipe, std::vector<BeganRecord> began, int journal,
                    const std::vector<CgroupDoors>& doors);

}  // namespace gangline
