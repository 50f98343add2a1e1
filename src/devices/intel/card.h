// One Intel GPU: what it is, and one reading of it, from the files of its driver, xe or i915.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "devices/sysfs/counter.h"
#include "devices/sysfs/pci.h"
#include "devices/sysfs/rate.h"
#include "model/cluster.h"

namespace gangline::intel {

constexpr std::uint64_t vendor_id = 0x8086;

/// A GPU of the PCI bus that has one of the two drivers.
struct IntelCard {
  std::string address, directory;
  std::string driver;  ///< "xe" or "i915"
  PciPath path;
  std::string hwmon, energy_file, thermometer;  ///< empty: none
  /// Counters of the milliseconds that its computing parts slept, one for each part.
  std::vector<std::string> idle_files;
  std::string render_file;  ///< "/dev/dri/renderD128"; empty: none
  bool integrated = false;  ///< part of the CPU
  Device facts;
};

struct Cards {
  std::vector<IntelCard> cards;         ///< in the order of the PCI bus, those in the CPU as well
  std::vector<std::string> driverless;  ///< addresses of GPUs that neither driver has
};

Cards read_cards(const std::string& root);

/// What is remembered of a card from one reading to the next.
struct CardMeter {
  RunningCounter energy;
  GrowthRate power, idle;
  std::vector<RunningCounter> slept;
};

/// One reading of a card, without its processes. A card that sleeps is not woken for it, so most is
/// unknown then. `at`: of a clock that never goes back.
DeviceSample read_sample(const IntelCard& card, CardMeter& meter, Span at);

}  // namespace gangline::intel
