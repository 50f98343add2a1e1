// Which devices of one node a gang's tasks get there: as close together as can be, and breaking as
// little as can be for those to come.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "model/allocation.h"
#include "schedule/place/layout.h"

namespace gangline {

/// Less is better, compared from the front: fresh devices that shares break open, what they leave
/// on those already open, how far apart the devices are, and then for each level of nearness
/// whether something is left over, whether an untouched group is broken, how much was free there.
using Closeness = std::array<std::int64_t, 3 + 3 * nearness_levels>;

struct DeviceChoice {
  Closeness closeness{};
  std::vector<std::vector<DeviceShare>> tasks;  ///< one for each task
};

/// `tasks` tasks of `each` whole devices out of `candidates`, all free, at least tasks * each.
DeviceChoice choose_whole(const NodeLayout& layout, std::vector<std::uint32_t> candidates,
                          std::uint32_t tasks, std::uint32_t each);

/// `tasks` tasks of one `share` each; `free` says what each device of the node has left, and
/// `candidates` can hold all the tasks.
DeviceChoice choose_shares(const NodeLayout& layout, std::vector<std::int32_t> free,
                           std::span<const std::uint32_t> candidates, std::uint32_t tasks,
                           Share share);

}  // namespace gangline
