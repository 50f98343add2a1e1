// For tests: AMD GPUs as files below /sys, of a machine that is a directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "devices/sysfs/pci.h"

namespace gangline {

struct SmallGpu {
  std::uint32_t node = 1;  ///< of KFD
  std::uint32_t domain = 0, bus = 0xc1;
  std::uint64_t unique_id = 0x1a2b3c4d5e6f7080;  ///< of KFD; 0: none
  std::uint32_t minor = 128;
  std::uint32_t partition = 0;
  std::uint64_t chip = 90402;
  std::uint32_t gpu_id() const { return 50'000 + node; }
  std::string address() const { return pci_address(domain, bus << 8); }
};

class SmallGpus {
 public:
  explicit SmallGpus(std::string root) : root_(std::move(root)) {
    write("/dev/kfd", "");
    write("/sys/module/amdgpu/version", "6.12.12\n");
    write(topology + "/generation_id", "1\n");
    write(topology + "/nodes/0/gpu_id", "0\n");
    write(topology + "/nodes/0/properties", "cpu_cores_count 8\nsimd_count 0\n");
    std::filesystem::create_directories(root_ + "/sys/class/kfd/kfd/proc");
  }

  void write(const std::string& path, const std::string& bytes) const {
    const std::filesystem::path whole = root_ + path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole, std::ios::binary) << bytes;
  }

  /// The node of KFD alone.
  void add_node(const SmallGpu& gpu) const {
    const std::string node = node_of(gpu);
    write(node + "/gpu_id", std::to_string(gpu.gpu_id()) + "\n");
    write(node + "/properties",
          "cpu_cores_count 0\nsimd_count 1216\nvendor_id 4098\ndevice_id 29857\n"
          "gfx_target_version " +
              std::to_string(gpu.chip) + "\nlocation_id " +
              std::to_string(gpu.partition << 28 | gpu.bus << 8) + "\ndomain " +
              std::to_string(gpu.domain) + "\ndrm_render_minor " + std::to_string(gpu.minor) +
              "\nunique_id " + std::to_string(gpu.unique_id) + "\n");
    write(node + "/mem_banks/0/properties", "heap_type 1\nsize_in_bytes 25769803776\n");
  }

  /// The node and the card, below a bridge of its own.
  void add(const SmallGpu& gpu) const {
    add_node(gpu);
    const std::string host = pci_address(gpu.domain, gpu.bus << 8).substr(0, 7);
    const std::string below = "devices/pci" + host + "/" + host + ":1f.0/" + gpu.address();
    std::error_code ignored;
    std::filesystem::create_directories(root_ + "/sys/bus/pci/devices", ignored);
    std::filesystem::create_directories(root_ + "/sys/" + below, ignored);
    std::filesystem::create_directory_symlink("../../../" + below, root_ + card_of(gpu), ignored);
    const std::string card = card_of(gpu);
    write(card + "/vendor", "0x1002\n");
    write(card + "/device", "0x74a1\n");
    write(card + "/class", "0x120000\n");
    write(card + "/numa_node", gpu.bus < 0x80 ? "0\n" : "1\n");
    write(card + "/unique_id", "00ff000000000001\n");
    write(card + "/mem_info_vram_total", "206141652992\n");
    write(card + "/mem_info_vram_used", "1073741824\n");
    write(card + "/gpu_busy_percent", "37\n");
    write(card + "/power/runtime_status", "active\n");
    write(card + "/drm/card" + std::to_string(gpu.minor - 128) + "/dev", "226:0\n");
    write(card + "/hwmon/hwmon7/name", "amdgpu\n");
    write(card + "/hwmon/hwmon7/power1_average", "139500000\n");
    write(card + "/hwmon/hwmon7/power1_cap", "750000000\n");
    write(card + "/hwmon/hwmon7/temp2_label", "junction\n");
    write(card + "/hwmon/hwmon7/temp2_input", "41500\n");
    write(card + "/gpu_metrics", metrics(4, 65536 * 10));
  }

  void link(const SmallGpu& from, const SmallGpu& to, std::uint32_t lanes) const {
    write(node_of(from) + "/io_links/1/properties",
          "type 11\nnode_from " + std::to_string(from.node) + "\nnode_to " +
              std::to_string(to.node) + "\nmin_bandwidth 50000\nmax_bandwidth " +
              std::to_string(50'000 * lanes) + "\n");
  }

  void process(std::int64_t pid, const SmallGpu& gpu, const std::string& vram) const {
    write(
        "/sys/class/kfd/kfd/proc/" + std::to_string(pid) + "/vram_" + std::to_string(gpu.gpu_id()),
        vram);
  }

  /// The bytes of gpu_metrics, revision 1.`revision` from 4 on.
  static std::string metrics(std::uint8_t revision, std::uint64_t energy) {
    std::string bytes(256, '\0');
    const std::size_t at = revision == 5 ? 88 : revision == 6 ? 16 : 24;
    bytes[1] = 1;  // of 256 bytes
    bytes[2] = 1;
    bytes[3] = static_cast<char>(revision);
    bytes[4] = 44;   // degrees
    bytes[10] = 99;  // watts
    bytes[12] = 12;  // percent
    for (std::size_t i = 0; i < 8; ++i) bytes[at + i] = static_cast<char>(energy >> 8 * i & 0xff);
    return bytes;
  }

  static std::string card_of(const SmallGpu& gpu) {
    return "/sys/bus/pci/devices/" + gpu.address();
  }
  static std::string node_of(const SmallGpu& gpu) {
    return topology + "/nodes/" + std::to_string(gpu.node);
  }

 private:
  inline static const std::string topology = "/sys/class/kfd/kfd/topology";
  std::string root_;
};

}  // namespace gangline
