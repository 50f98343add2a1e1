// Jobs as the store has them, for when no service can start.
#pragma once

#include <vector>

#include "base/result.h"
#include "main/places.h"
#include "model/views.h"

namespace gangline {

/// What `Service::list` would answer, without reasons for waiting, as it was when a service last
/// ran. None where there is no store.
Result<std::vector<JobSummary>> stored_jobs(const Places& places, const ListQuery& query);

}  // namespace gangline
