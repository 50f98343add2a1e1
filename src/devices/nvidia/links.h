// How NVIDIA devices reach each other.
#pragma once

#include <vector>

#include "devices/nvidia/gpu.h"

namespace gangline::nvml {

/// A link for each pair that NVML knows one for; `a` and `b` count within `devices`. GPUs with MIG
/// on and their slices reach others over PCIe only: the driver allows no peer access from a slice.
std::vector<Link> read_links(const Calls& calls, const std::vector<Found>& devices);

}  // namespace gangline::nvml
