// The processes that compute on a GPU or a slice of one.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "devices/nvidia/nvml_library.h"
#include "model/cluster.h"

namespace gangline::nvml {

/// Processes with a compute context, also those that go through MPS, ordered by pid; user and
/// command are left empty. Processes that only draw (a desktop) are not among them: they leave a
/// GPU free to compute. Empty: cannot be known here.
std::optional<std::vector<DeviceProcess>> read_processes(const Calls& calls, Handle device);

/// What the room for a list is filled with before it is asked for, and for how many bytes an entry.
constexpr unsigned char untouched = 0xa5;
constexpr std::size_t entry_room = sizeof(Process32);
/// Bytes of each of the `count` entries that the third form of the list wrote to such a room.
std::size_t stride_seen(std::span<const unsigned char> room, std::uint32_t count);

}  // namespace gangline::nvml
