// Logs of jobs that an uninstall left in their place.
#pragma once

#include <sys/types.h>

namespace gangline {

/// Lets this group read the logs of all jobs. Numbers of groups are given again: what stays behind
/// belongs to root's before the service's own is removed, and to that of the next install.
void give_logs_to(gid_t group);

}  // namespace gangline
