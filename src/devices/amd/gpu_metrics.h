// The binary file gpu_metrics, whose layout its first four bytes name.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/units.h"

namespace gangline::amd {

/// Energy is counted in units of 2^-16 J.
constexpr double joules_a_unit = 1.0 / 65536;

struct GpuMetrics {
  std::optional<double> busy_percent;
  std::optional<Watts> power;  ///< of the socket
  std::optional<double> hotspot_celsius;
  std::optional<std::uint64_t> energy_units;
};

/// What is known of these bytes: nothing for a layout that is not known or is cut short. Revisions
/// 1.1 to 1.3 count energy in these units in full width on the chips gfx908 and gfx90a only (MI100,
/// MI200); for others, `chip` (see KfdNode) says so, it is unknown.
GpuMetrics decode_metrics(std::string_view bytes, std::uint64_t chip);

}  // namespace gangline::amd
