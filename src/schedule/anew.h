// Who has room when all are put in order anew, those that run and those that wait.
#pragma once

#include <vector>

#include "schedule/desk.h"

namespace gangline {

struct ChosenAnew {
  std::vector<HeldId> leave;  ///< they run, and have no room left beside those that go before them
  JobId by;                   ///< the first of these that waits; where somebody leaves
};

/// For MayStop::chosen_anew. Who runs and has room stays where it is, and nobody leaves unless
/// somebody finds a place beside those that stay. Those that were asked to leave count as gone.
ChosenAnew choose_anew(Desk& desk);

}  // namespace gangline
