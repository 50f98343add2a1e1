// Amounts as Kubernetes writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/units.h"
#include "replay/input/json_value.h"

namespace gangline {

/// "500m", "2", "1.5", "16Gi", "1G", "129e6" in thousandths, rounded up; nothing for what is none,
/// is negative or is too large.
std::optional<std::int64_t> parse_quantity_thousandths(std::string_view text);

/// The same of a value of JSON, which may be a number.
std::optional<std::int64_t> quantity_thousandths(const JsonTree& value);

/// Devices and amounts of a table such as `resources.requests` or `status.allocatable`.
struct KubernetesAmounts {
  std::int64_t cpu_thousandths = 0;
  Bytes memory{0};
  std::int64_t gpus = 0;
  std::int64_t gpu_slices = 0;  ///< of MIG, "nvidia.com/mig-1g.5gb"
  std::string slice;            ///< "1g.5gb"
  std::string vendor;           ///< of the GPUs
};
/// Nothing if one that we know makes no sense.
std::optional<KubernetesAmounts> read_amounts(const JsonTree& table);

}  // namespace gangline
