#include "devices/cpu/topology.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include "base/text.h"
#include "devices/sysfs/see.h"

// The archive of hwloc asks libudev for the names of disks, which we never want. libudev comes in
// shared form only and would be one more library that each machine must have, so hwloc is told here
// that there is none: it goes on without where udev_new gives null.
extern "C" {
struct udev;
struct udev_device;
udev* udev_new() { return nullptr; }
udev* udev_unref(udev*) { return nullptr; }
udev_device* udev_device_new_from_subsystem_sysname(udev*, const char*, const char*) {
  return nullptr;
}
udev_device* udev_device_unref(udev_device*) { return nullptr; }
const char* udev_device_get_property_value(udev_device*, const char*) { return nullptr; }
}

namespace gangline {
namespace {

// hwloc listens to the environment. A user's own settings must not change what we see, its plugins
// would open the vendor libraries, and its root path can be given in no other way.
class HwlocEnvironment {
 public:
  explicit HwlocEnvironment(const std::string& root) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (const char* value = std::getenv(names[i])) before_[i] = value;
      ::unsetenv(names[i]);
    }
    ::setenv("HWLOC_PLUGINS_PATH", "/nonexistent", 1);
    ::setenv("HWLOC_HIDE_ERRORS", "2", 1);
    if (root != "/") ::setenv("HWLOC_FSROOT", root.c_str(), 1);
  }
  ~HwlocEnvironment() {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (before_[i]) ::setenv(names[i], before_[i]->c_str(), 1);
      else ::unsetenv(names[i]);
    }
  }
  HwlocEnvironment(const HwlocEnvironment&) = delete;
  HwlocEnvironment& operator=(const HwlocEnvironment&) = delete;

 private:
  static constexpr std::array names{"HWLOC_PLUGINS_PATH", "HWLOC_HIDE_ERRORS", "HWLOC_FSROOT",
                                    "HWLOC_XMLFILE",      "HWLOC_SYNTHETIC",   "HWLOC_CPUID_PATH",
                                    "HWLOC_COMPONENTS",   "HWLOC_THISSYSTEM"};
  std::array<std::optional<std::string>, names.size()> before_;
};

/// hwloc 2.9 ends the process where the kernel has a place for NUMA nodes and none in it.
bool would_end_hwloc(const std::string& root) {
  const auto entries = see_directory(root + "/sys/devices/system/node");
  const auto is_node = [](const std::string& name) {
    return name.starts_with("node") && parse_number(std::string_view(name).substr(4)).has_value();
  };
  return entries && std::none_of(entries->begin(), entries->end(), is_node);
}

}  // namespace

Topology load_topology(const std::string& root) {
  if (would_end_hwloc(root)) return nullptr;
  const HwlocEnvironment environment(root);
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) return nullptr;
  Topology topology(raw);
  // The x86 component would visit each CPU in turn to ask it what the kernel has told already.
  hwloc_topology_set_components(raw, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "x86");
  hwloc_topology_set_io_types_filter(raw, HWLOC_TYPE_FILTER_KEEP_NONE);
  hwloc_topology_set_icache_types_filter(raw, HWLOC_TYPE_FILTER_KEEP_NONE);
  hwloc_topology_set_type_filter(raw, HWLOC_OBJ_GROUP, HWLOC_TYPE_FILTER_KEEP_NONE);
  hwloc_topology_set_type_filter(raw, HWLOC_OBJ_MISC, HWLOC_TYPE_FILTER_KEEP_NONE);
  if (hwloc_topology_load(raw) != 0) return nullptr;
  return topology;
}

}  // namespace gangline
