// What a device is called by those who sell it, from the lists that distributions carry.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace gangline {

/// The name in pci.ids (hwdata, pciutils): "Navi 31 [Radeon RX 7900 XT/7900 XTX/7900M]".
std::optional<std::string> name_in_pci_ids(const std::string& root, std::uint64_t vendor,
                                           std::uint64_t device);
/// The name in amdgpu.ids (libdrm), which tells cards of one chip apart by their revision.
std::optional<std::string> name_in_amdgpu_ids(const std::string& root, std::uint64_t device,
                                              std::uint64_t revision);

}  // namespace gangline
