#include "model/event.h"

namespace gangline {

const char* name_of(EndCause cause) {
  switch (cause) {
    case EndCause::done: return "done";
    case EndCause::failed: return "failed";
    case EndCause::out_of_memory: return "out-of-memory";
    case EndCause::time_limit: return "time-limit";
    case EndCause::stopped: return "stopped";
    case EndCause::not_started: return "not-started";
    case EndCause::lost: return "lost";
    case EndCause::dependency: return "dependency";
    case EndCause::preempted: return "preempted";
  }
  return "lost";
}

int exit_code_of(const Ending& ending) {
  if (ending.cause == EndCause::done) return 0;
  if (ending.exit_code && *ending.exit_code != 0) return *ending.exit_code;
  if (ending.signal) return 128 + *ending.signal;
  return 1;
}

}  // namespace gangline
