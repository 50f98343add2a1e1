// Where a gang goes: on one node or under the lowest switch that holds it, closest devices, nearest
// CPUs, and the least broken for others.
#pragma once

#include <optional>

#include "model/allocation.h"
#include "schedule/place/free_state.h"
#include "schedule/place/wanted.h"

namespace gangline {

/// An allocation out of what is free, or none if there is not enough of it in the right places.
/// Finds one whenever there is one.
std::optional<Allocation> place(const Wanted& wanted, const FreeView& free);

/// How many such tasks all nodes together could take at once.
std::uint64_t room_for(const Wanted& wanted, const FreeView& free);

}  // namespace gangline
