// Parts of a node that are shown and measured, and not given away: CPU packages, network ports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"

namespace gangline {

enum class LinkKind : std::uint8_t;

/// A CPU package (or a die of one) of which the kernel counts the energy.
struct CpuPackage {
  std::string name;  ///< as the kernel calls it: "package-0", "package-1-die-0"
  bool operator==(const CpuPackage&) const = default;
};

/// With the memory beside the package, where its energy is counted.
struct CpuPackageSample {
  std::optional<Joules> energy;  ///< a counter: only differences mean something
  std::optional<Watts> power;
};

/// A port of a network card that reads and writes memory by itself: InfiniBand, RoCE and the like.
struct NetworkPort {
  std::string card;  ///< "mlx5_0"
  std::uint32_t port = 1;
  std::string layer;        ///< "InfiniBand"; "Ethernet" for RoCE; empty: unknown
  std::string pci_address;  ///< empty: unknown, or none
  std::optional<std::uint32_t> numa_node;
  /// The devices of the node that are nearest to it, all as near as `distance`; empty: not known.
  std::vector<std::uint32_t> near;
  LinkKind distance{};  ///< means nothing without `near`
  bool operator==(const NetworkPort&) const = default;
};

struct NetworkPortSample {
  std::string state;  ///< "ACTIVE", "DOWN"; empty: unknown
  std::string rate;   ///< "400 Gb/sec (4X NDR)"; empty: unknown
};

}  // namespace gangline
