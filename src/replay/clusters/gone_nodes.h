// A cluster is read as it is now, a history tells of it as it was.
#pragma once

#include <string>

#include "replay/history.h"

namespace gangline {

/// A sentence on jobs that ran on nodes of which the cluster has none by that name; empty: none
/// did.
std::string note_on_gone_nodes(const History& history, const Cluster& cluster);

}  // namespace gangline
