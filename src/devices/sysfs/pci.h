// Where a device sits on the PCI bus.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/cluster.h"

namespace gangline {

/// "0000:c1:00.0" of domain and bus, device and function as the kernel packs them (bus << 8 |
/// devfn).
std::string pci_address(std::uint32_t domain, std::uint32_t bus_and_function);
/// Its directory: <root>/sys/bus/pci/devices/<address>.
std::string pci_directory(const std::string& root, const std::string& address);
/// Addresses of the devices of one vendor that compute or draw: PCI classes 0x03 and 0x12.
std::vector<std::string> accelerators_on_bus(const std::string& root, std::uint64_t vendor);

/// The way from the root of the bus to a device: "pci0000:c0", then bridges, then the device.
/// Empty: not known.
using PciPath = std::vector<std::string>;
/// Bridges of the vendor `inside` right above the device are left out: they are part of its card.
PciPath pci_path(const std::string& root, const std::string& address,
                 std::optional<std::uint64_t> inside);
/// Whether it sits on the root of the bus without a bridge above, as what is part of the CPU does.
bool is_on_root(const PciPath& path);

/// The NUMA node near to a device; empty: the kernel does not know one.
std::optional<std::uint32_t> pci_numa(const std::string& root, const std::string& address);

/// Whether a device sleeps, by its directory. Most files of one that does would wake it.
bool is_asleep(const std::string& directory);

/// How two devices reach each other over PCIe. Empty: not known.
std::optional<LinkKind> pci_link(const PciPath& a, const PciPath& b,
                                 std::optional<std::uint32_t> numa_a,
                                 std::optional<std::uint32_t> numa_b);

}  // namespace gangline
