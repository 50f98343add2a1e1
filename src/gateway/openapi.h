// The description of everything that can be asked over HTTP, in the form of OpenAPI 3.1.
#pragma once

#include <span>
#include <string>

#include "server/route_table.h"

namespace gangline {

/// What the gateway answers itself, beside the service's routes. Some of these stand in place of a
/// route of the service with the same path.
std::span<const RouteRow> own_rows();

std::string openapi_text(const std::string& version);

}  // namespace gangline
