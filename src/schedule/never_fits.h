// What can never be, however empty the cluster is.
#pragma once

#include <optional>

#include "base/error.h"
#include "model/resources.h"
#include "schedule/place/kinds.h"

namespace gangline {

/// Says why `request` can never be met by `cluster`, however empty it is, and how to ask instead
/// ("this machine has 2 GPUs, …; ask for CPUs with …"); empty if it can be met. A node that is down
/// and a whole device that is away count as there: they may come back.
std::optional<Error> never_fits(const Kinds& kinds, const ResourceRequest& request);

/// The same for one question.
std::optional<Error> never_fits(const Cluster& cluster, const ResourceRequest& request);

}  // namespace gangline
