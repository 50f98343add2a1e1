// What ended in earlier lives of the service, for guesses of how long others will run.
#pragma once

#include "control/cycle.h"
#include "store/store.h"

namespace gangline {

/// The newest gangs that are remembered; older ones say little of those to come.
constexpr std::uint32_t most_past_runs = 5'000;

/// Tells the cycle of gangs whose jobs have ended, oldest first.
Result<void> recall_past_runs(const Store& store, Cycle& cycle);

}  // namespace gangline
