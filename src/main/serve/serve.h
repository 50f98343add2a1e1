// `gang serve` as a process: the gateway with what it needs of this machine.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/serve/serve_options.h"
#include "main/places.h"
#include "model/environment.h"

namespace gangline {

/// Of this user, also where the service is for all.
Result<std::string> tokens_path(const Places& places);

/// Serves until a signal ends it. Refuses an address that others reach without TLS and tokens.
Result<void> serve_network(const Places& places, const ServeOptions& options,
                           const std::vector<EnvVar>& environment, const ServeNews& news);

}  // namespace gangline
