// One alternative of a request held against one cluster: which devices may serve it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/snapshot.h"
#include "schedule/free_state.h"

namespace gangline {

/// Which devices count.
struct DeviceRules {
  bool ever = false;  ///< also what is away now and may come back; nothing else below matters then
  bool allow_foreign = false;
  std::span<const ForeignUse> foreign;
  std::span<const DeviceId> avoid;
};

/// Slices (MIG) among the devices that may be chosen.
enum class Slices : std::uint8_t { any, only, none };

struct Wanted {
  std::uint32_t alternative = 0;
  std::uint32_t tasks = 1;
  std::uint32_t each = 0;  ///< devices of one task; 0: CPUs alone
  Share share = whole_device;
  std::uint32_t cpus = 1;
  Bytes memory{0};
  struct OnNode {
    bool usable = false;                 ///< the node is up
    std::vector<std::uint32_t> devices;  ///< those that may be chosen when free, ascending
    std::vector<bool> slice;             ///< for each of them
  };
  std::vector<OnNode> nodes;
};

Wanted want(const Cluster& cluster, const ResourceRequest& request, std::uint32_t alternative,
            const DeviceRules& rules);

/// Kind, vendor, model, memory and (for several devices in one task) being no slice.
bool matches(const Device& device, const DeviceRequest& request);

/// The use by others that bars this device, its own or that of the device it is a slice of; or
/// null.
const ForeignUse* foreign_use_of(const Cluster& cluster, std::span<const ForeignUse> foreign,
                                 DeviceId device);

/// How many of the tasks this node could take at once.
std::uint32_t tasks_that_fit(const Wanted& wanted, std::uint32_t node, const FreeNode& free,
                             Slices slices = Slices::any);
bool fits(const Wanted& wanted, const FreeState& free, Slices slices = Slices::any);

}  // namespace gangline
