// Which device files belong to a MIG slice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gangline::nvml {

struct SliceNumbers {
  std::optional<std::uint32_t> gpu_instance;
  std::optional<std::uint32_t> compute_instance;
};

/// The capability files that the holder of a slice opens beside its GPU's file, from
/// <root>/proc/driver/nvidia-caps/mig-minors. Empty where a number or the list is unknown.
std::vector<std::string> slice_files(const std::string& root, std::optional<std::uint32_t> minor,
                                     const SliceNumbers& numbers);

}  // namespace gangline::nvml
