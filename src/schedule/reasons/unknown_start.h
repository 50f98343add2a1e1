// Why nobody knows when a gang starts, in a world where nothing ends at a known time any more.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "model/snapshot.h"

namespace gangline {

/// What blocks a waiting group of that world; empty: nothing does.
using BlockerOf = std::function<std::optional<Blocker>(const WaitingGroup& group)>;

/// One clause that names what decides: a limit with those who hold it, or who holds what is wanted.
std::string why_unknown(const Snapshot& world, GangId gang, const BlockerOf& blocker_of);

/// The same of a limit alone, if all who hold it have no time limit, whatever else may end.
std::optional<std::string> limit_that_stays_full(const Snapshot& world, GangId gang,
                                                 const BlockerOf& blocker_of);

}  // namespace gangline
