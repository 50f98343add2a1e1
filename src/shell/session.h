// The processes of one session, as /proc shows them.
#pragma once

#include <sys/types.h>

#include "base/units.h"

namespace gangline {

/// CPU time that they used so far, those included that have ended and were waited for.
Span cpu_time_of_session(pid_t session);
void signal_session(pid_t session, int number);

}  // namespace gangline
