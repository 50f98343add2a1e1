// Which request asks what of the Service. The paths stand in one table (routes.cpp).
#pragma once

#include <functional>

#include "os/http.h"
#include "service/service.h"

namespace gangline {

/// Answers one request, now or later, exactly once. Nothing in `request` can do more than get an
/// error.
void answer(Service& service, const HttpRequest& request, std::function<void(HttpAnswer)> reply);

}  // namespace gangline
