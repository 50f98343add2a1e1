// One card: what it is, and one reading of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "devices/amd/kfd.h"
#include "devices/sysfs/counter.h"
#include "devices/sysfs/pci.h"
#include "model/cluster.h"

namespace gangline::amd {

constexpr std::uint64_t vendor_id = 0x1002;

/// A card of the PCI bus with its KFD nodes: one, or one for each partition.
struct Card {
  std::string address, directory;
  std::string hwmon, thermometer;  ///< empty: none
  PciPath path;
  std::string partitions;  ///< "CPX", "DPX", …; empty: it is not cut
  std::vector<KfdNode> nodes;
  Device facts;  ///< of the whole card; `uid` is empty where it has none
};

/// The cards of these nodes, in their order.
std::vector<Card> read_cards(const std::string& root, const std::vector<KfdNode>& nodes);

/// One reading of a card, without its processes. A card that sleeps is not woken for it, so most is
/// unknown then.
DeviceSample read_sample(const Card& card, RunningCounter& energy);

/// "GPU-0123456789abcdef", as ROCm calls a GPU with this unique id.
std::string uid_of(std::uint64_t unique_id);

}  // namespace gangline::amd
