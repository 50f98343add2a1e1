// Tasks on one node, once it is chosen: which devices and CPUs each of them gets.
#pragma once

#include <cstdint>
#include <span>

#include "model/allocation.h"
#include "schedule/place/choose_devices.h"
#include "schedule/place/free_state.h"
#include "schedule/place/wanted.h"

namespace gangline {

/// Which sorts of devices are tried one after the other.
std::span<const Slices> slices_in_order(const Wanted& wanted);

/// Tasks `rank` and on of a gang on one node, with devices chosen already.
NodePart bind(const Wanted& wanted, std::uint32_t node, std::uint32_t rank, std::uint32_t tasks,
              DeviceChoice choice, const FreeNode& free, const NodeLayout& layout);

}  // namespace gangline
