// The service as a process: started in the background by the first command that needs it.
#pragma once

#include "base/result.h"
#include "base/units.h"
#include "main/places.h"
#include "model/settings.h"
#include "os/fd.h"

namespace gangline {

/// Runs the service until it ends: idle, told to, or by SIGTERM. On `ready` it writes "ready\n"
/// once it can be asked, or one sentence of what stands in the way. The exit code.
int run_service(const Places& places, bool stays, Fd ready);

/// A connection to the service; with `may_start`, starts one where none runs and waits until it is
/// ready.
Result<Fd> connect_service(const Places& places, bool may_start);

/// Whether a service could start with the config file as it is now.
Result<void> check_settings(const Places& places);

/// What the config file sets; what it would set, were there one, where there is none.
Result<Settings> read_settings(const Places& places);

/// Waits until the service that was this process is over, all that it held released; false: it is
/// not after `longest`.
bool has_ended(std::int64_t service, Span longest);

}  // namespace gangline
