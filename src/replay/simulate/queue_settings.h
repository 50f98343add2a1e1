// `--set`: settings that a what-if changes.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/settings.h"
#include "replay/history.h"

namespace gangline {

/// Each text is "queue.NAME.KEY=VALUE", of a queue that has jobs in the history or is set already.
/// All queues of the history are then told apart. After an Error nothing is changed.
Result<void> set_all(const std::vector<std::string>& texts, const History& history,
                     Settings& settings);

/// What of these texts is wrong whatever queues the history has: for before it is read.
Result<void> check_written(const std::vector<std::string>& texts);

/// Adds each queue that has jobs in the history and is not there yet.
void tell_queues_apart(const History& history, std::vector<Queue>& queues);

}  // namespace gangline
