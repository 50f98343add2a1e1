// For tests: Intel GPUs as files below /sys, of a machine that is a directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "devices/sysfs/pci.h"

namespace gangline {

struct SmallCard {
  std::uint32_t domain = 0, bus = 0x4d, slot = 0;
  std::uint32_t minor = 0;        ///< cardN, and renderD128 + N
  const char* device = "0x0bd5";  ///< Max 1550
  std::uint32_t tiles = 2;
  std::string address() const { return pci_address(domain, bus << 8 | slot << 3); }
};

class SmallCards {
 public:
  explicit SmallCards(std::string root) : root_(std::move(root)) {}

  void write(const std::string& path, const std::string& bytes) const {
    const std::filesystem::path whole = root_ + path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole, std::ios::binary) << bytes;
  }
  /// A file of the card's directory.
  void card(const SmallCard& card, const std::string& file, const std::string& text) const {
    write(directory_of(card) + "/" + file, text);
  }

  /// With the driver xe, below a bridge of its own, its counters at the beginning.
  void add_xe(const SmallCard& gpu) const {
    add_card(gpu, "xe");
    for (std::uint32_t tile = 0; tile < gpu.tiles; ++tile) {
      const std::string at = "tile" + std::to_string(tile);
      card(gpu, at + "/physical_vram_size_bytes", "68719476736\n");
      const std::string part = at + "/gt" + std::to_string(2 * tile) + "/gtidle";
      card(gpu, part + "/name", "gt" + std::to_string(2 * tile) + "-rc\n");
      card(gpu, part + "/idle_residency_ms", "1000\n");
      const std::string video = at + "/gt" + std::to_string(2 * tile + 1) + "/gtidle";
      card(gpu, video + "/name", "gt" + std::to_string(2 * tile + 1) + "-mc\n");
      card(gpu, video + "/idle_residency_ms", "1\n");
    }
    card(gpu, "hwmon/hwmon4/name", "xe\n");
    card(gpu, "hwmon/hwmon4/energy1_input", "1000000\n");
    card(gpu, "hwmon/hwmon4/energy2_input", "900000\n");
    card(gpu, "hwmon/hwmon4/power1_max", "600000000\n");
    card(gpu, "hwmon/hwmon4/temp2_label", "pkg\n");
    card(gpu, "hwmon/hwmon4/temp2_input", "43000\n");
  }

  /// With the driver i915, as of Linux 6.2 to 6.10: no size of its memory, no temperature.
  void add_i915(const SmallCard& gpu) const {
    add_card(gpu, "i915");
    const std::string part = "drm/card" + std::to_string(gpu.minor) + "/gt/gt0";
    card(gpu, part + "/rc6_enable", "1\n");
    card(gpu, part + "/rc6_residency_ms", "500\n");
    card(gpu, "hwmon/hwmon5/name", "i915_gt0\n");
    card(gpu, "hwmon/hwmon6/name", "i915\n");
    card(gpu, "hwmon/hwmon6/energy1_input", "2000000\n");
    card(gpu, "hwmon/hwmon6/power1_max", "190000000\n");
  }

  /// A card of some driver without more.
  void add_card(const SmallCard& gpu, const std::string& driver) const {
    const std::string host = gpu.address().substr(0, gpu.address().find(':') + 3);
    const std::string below =
        "devices/pci" + host + (gpu.bus == 0 ? "" : "/" + host + ":1f.0") + "/" + gpu.address();
    std::error_code ignored;
    std::filesystem::create_directories(root_ + "/sys/bus/pci/devices", ignored);
    std::filesystem::create_directories(root_ + "/sys/" + below, ignored);
    std::filesystem::create_directory_symlink("../../../" + below, root_ + directory_of(gpu),
                                              ignored);
    card(gpu, "vendor", "0x8086\n");
    card(gpu, "device", std::string(gpu.device) + "\n");
    card(gpu, "class", "0x038000\n");
    card(gpu, "numa_node", gpu.bus < 0x80 ? "0\n" : "1\n");
    card(gpu, "power/runtime_status", "active\n");
    card(gpu, "drm/card" + std::to_string(gpu.minor) + "/dev", "226:0\n");
    card(gpu, "drm/renderD" + std::to_string(128 + gpu.minor) + "/dev", "226:128\n");
    if (!driver.empty())
      std::filesystem::create_symlink("../../../bus/pci/drivers/" + driver,
                                      root_ + directory_of(gpu) + "/driver", ignored);
  }

  /// A process that has the card open by this descriptor, with what the driver tells of it.
  void open(std::int64_t pid, std::uint32_t fd, const SmallCard& gpu,
            const std::string& told) const {
    const std::string process = "/proc/" + std::to_string(pid);
    const std::string file = "/dev/dri/renderD" + std::to_string(128 + gpu.minor);
    std::error_code ignored;
    std::filesystem::create_directories(root_ + process + "/fd", ignored);
    std::filesystem::create_symlink(file, root_ + process + "/fd/" + std::to_string(fd), ignored);
    write(process + "/fdinfo/" + std::to_string(fd),
          "pos:\t0\nflags:\t02100002\ndrm-driver:\txe\ndrm-pdev:\t" + gpu.address() + "\n" + told);
  }

  static std::string directory_of(const SmallCard& gpu) {
    return "/sys/bus/pci/devices/" + gpu.address();
  }

 private:
  std::string root_;
};

}  // namespace gangline
