// The two processes of the service for all: the launcher, as root, and the service, as a user of
// its own. Under systemd where that runs, else started here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "launch/renewal.h"

namespace gangline {

struct ServiceUser {
  std::uint32_t uid = 0, gid = 0;
};
/// ErrorKind::not_found where it was not made yet.
Result<ServiceUser> service_user();

bool systemd_runs();

/// Starts what does not run and returns once the service can be asked. As root.
Result<void> start_daemons(const std::string& program);
/// The service ends, while gangs go on, and starts as this program, and the launcher goes over to
/// it. False: the launcher stays what it was. As root.
Result<bool> renew_daemons(const std::string& program);
/// Ends both, with all that runs. As root.
Result<void> stop_daemons();

/// What systemd or `start_daemons` runs; the exit codes of these processes. `taken`: from the
/// launcher's program before this one.
int run_launcher_for_all(bool foreground, const std::optional<TakeOver>& taken = {});
int run_service_for_all();

}  // namespace gangline
