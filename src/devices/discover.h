// All that is on this machine, read in this process. Vendor libraries may hang: a service asks
// through the probe (probe.h) instead.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "devices/backend.h"

namespace gangline {

/// Where to read from.
struct Sources {
  std::string root = "/";                          ///< /proc, /sys and /etc are read below it
  std::string nvml_library = "libnvidia-ml.so.1";  ///< for dlopen; empty: no NVIDIA devices
};

/// With GANGLINE_ROOT and GANGLINE_NVML in place of the usual root and library, where set.
Sources sources_from_environment();

/// Reads the node again and again; keeps vendor libraries open in between, because opening them is
/// the slow part. For one thread.
class NodeReader {
 public:
  explicit NodeReader(const Sources& sources);

  /// The node without its devices. Quick, and asks no vendor library.
  Node cpu_facts() const;
  /// The node with its devices.
  Node facts();
  struct Reading {
    NodeSample sample;           ///< for the devices of the last `facts`, in its order
    bool facts_changed = false;  ///< see BackendSample
  };
  Reading sample();

 private:
  std::string root_;
  std::vector<std::unique_ptr<DeviceBackend>> backends_;
};

/// NodeReader's facts, once.
Node discover(const Sources& sources);

}  // namespace gangline
