// Which request asks what of the Service. The paths stand in one table (routes.cpp).
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "os/http.h"
#include "service/service.h"

namespace gangline {

/// Answers one request, now or later, exactly once. Nothing in `request` can do more than get an
/// error.
void answer(Service& service, const HttpRequest& request, std::function<void(HttpAnswer)> reply);

/// That who asks is a Gangline of another version, and would change something: it might ask for
/// what we do not know. Whoever says no version may ask; jobs and the service are stopped by all.
std::optional<Error> other_version(std::string_view theirs, std::string_view ours,
                                   std::string_view method, std::string_view target);

/// Method and pattern of each route. Each has a row in route_table.h.
std::vector<std::pair<std::string_view, std::string_view>> answered_routes();

}  // namespace gangline
