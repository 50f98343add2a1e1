// NVIDIA GPUs and their MIG slices, through NVML.
#pragma once

#include <memory>
#include <string>

#include "devices/backend.h"

namespace gangline {

/// `library`: what dlopen is given; empty: do as if there were none. A machine without the library
/// has no NVIDIA driver, so no devices; that is no trouble and makes no note unless an NVIDIA GPU
/// is seen on the PCI bus.
std::unique_ptr<DeviceBackend> make_nvidia_backend(const std::string& root,
                                                   const std::string& library);

}  // namespace gangline
