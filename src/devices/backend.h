// One kind of device of one vendor. A backend is one folder of devices/ and one line in
// discover.cpp.
#pragma once

#include <string>
#include <vector>

#include "model/cluster.h"

namespace gangline {

/// What does not change while a device runs.
struct BackendFacts {
  std::vector<Device> devices;  ///< `parent` counts within this list; a slice follows its parent
  std::vector<Link> links;      ///< between these devices
  std::vector<CpuPackage> packages;
  std::vector<NetworkPort> ports;  ///< without what is near to them
  std::string driver;              ///< empty: none or unknown
  std::vector<std::string> notes;
};

struct BackendSample {
  // In the order of the facts read last.
  std::vector<DeviceSample> devices;
  std::vector<CpuPackageSample> packages;
  std::vector<NetworkPortSample> ports;
  bool facts_changed =
      false;  ///< a device was lost or cut differently: the facts want reading again
};

/// Reads devices, never changes them. A vendor library may hang in any call, so backends live in
/// the probe's child process (probe.h); neither call throws or fails: what cannot be read stays
/// empty, and the facts' notes say why.
class DeviceBackend {
 public:
  virtual ~DeviceBackend() = default;
  /// May be called again; a device that was there before and is lost now comes with present =
  /// false.
  virtual BackendFacts facts() = 0;
  /// Empty before the first `facts`.
  virtual BackendSample sample() = 0;
};

}  // namespace gangline
