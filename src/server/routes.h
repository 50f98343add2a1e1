// Which request asks what of the Service. The paths stand in one table (routes.cpp).
#pragma once

#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "os/http.h"
#include "service/service.h"

namespace gangline {

/// Answers one request, now or later, exactly once. Nothing in `request` can do more than get an
/// error.
void answer(Service& service, const HttpRequest& request, std::function<void(HttpAnswer)> reply);

/// Method and pattern of each route, with "*" for any one part. Each has a row in route_table.h.
std::vector<std::pair<std::string_view, std::string_view>> answered_routes();

}  // namespace gangline
