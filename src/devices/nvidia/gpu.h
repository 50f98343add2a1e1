// One GPU or one MIG slice: who it is, and one reading of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "devices/nvidia/nvml_library.h"
#include "model/cluster.h"

namespace gangline::nvml {

/// A device as found, with what is needed to ask about it again.
struct Found {
  Handle handle = nullptr;
  std::uint32_t index = 0;  ///< NVML's number of the GPU, or of the slice's GPU
  bool slice = false;
  bool cut = false;  ///< a GPU with MIG on
  std::optional<std::uint32_t> minor;
  Device facts;
};

/// Reads a GPU. Where it is lost, `facts.present` is false and `facts.uid` may be empty.
Found read_gpu(const Calls& calls, const std::string& root, std::uint32_t index, Handle handle);
/// The slices of a GPU with MIG on. Their `facts.parent` is left to the caller.
std::vector<Found> read_slices(const Calls& calls, const std::string& root, const Found& gpu);
/// One reading. `lost` is set where the device does not answer as it did when it was found.
DeviceSample read_sample(const Calls& calls, const Found& device, bool& lost);

/// "00000000:C1:00.0" in the form of sysfs: "0000:c1:00.0"; a larger domain keeps all its digits.
std::string address_of(const PciAddress& pci);

}  // namespace gangline::nvml
