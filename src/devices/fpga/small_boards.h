// For tests: FPGAs as files below /sys, of a machine that is a directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "devices/sysfs/pci.h"

namespace gangline {

class SmallBoards {
 public:
  explicit SmallBoards(std::string root) : root_(std::move(root)) {}

  void write(const std::string& path, const std::string& bytes) const {
    const std::filesystem::path whole = root_ + path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole, std::ios::binary) << bytes;
  }

  /// A card of DFL with an FME and `ports` ports, whose files are numbered from `n` and `n *
  /// ports`.
  void add_dfl(std::uint32_t n, const std::string& address, std::uint32_t ports = 1) const {
    add_function(address, "0x8086\n", "0x0b30\n");
    const std::string region = "/fpga_region/region" + std::to_string(n);
    const std::string at = device_of(address) + region;
    const std::string fme = at + "/dfl-fme." + std::to_string(n);
    write(fme + "/ports_num", std::to_string(ports) + "\n");
    write(fme + "/hwmon/hwmon8/name", "dfl_fme_power\n");
    write(fme + "/hwmon/hwmon8/power1_input", "41500000\n");
    write(fme + "/hwmon/hwmon9/name", "dfl_fme_thermal\n");
    write(fme + "/hwmon/hwmon9/temp1_input", "52000\n");
    const std::string manager =
        "dfl-fme-mgr." + std::to_string(n) + "/fpga_manager/fpga" + std::to_string(n);
    write(fme + "/" + manager + "/name", "DFL FPGA Manager\n");
    write(fme + "/" + manager + "/state", "operating\n");
    for (std::uint32_t port = 0; port < ports; ++port)
      write(at + "/dfl-port." + std::to_string(n * ports + port) + "/afu_id", "d8424dc4\n");
    link("../../" + address, at + "/device");
    link("../.." + at.substr(4), "/sys/class/fpga_region/region" + std::to_string(n));
    link("../.." + fme.substr(4) + "/" + manager,
         "/sys/class/fpga_manager/fpga" + std::to_string(n));
  }

  /// A card of XRT: function 1 for users, function 0 that manages it, with its manager.
  void add_xrt(std::uint32_t n, const std::string& slot, std::uint32_t minor) const {
    const std::string user = slot + ".1", managing = slot + ".0";
    add_function(user, "0x10ee\n", "0x5005\n");
    add_function(managing, "0x10ee\n", "0x5004\n");
    link("../../../../devices/pci0000:00/" + user, "/sys/bus/pci/drivers/xocl/" + user);
    const std::string at = device_of(user);
    write(at + "/ready", "1\n");
    write(at + "/dev_offline", "0\n");
    write(at + "/rom.u.1025/VBNV", "xilinx_u250_gen3x16_xdma_shell_3_1\n");
    write(at + "/xmc.u.1025/xmc_power", "29000000\n");
    write(at + "/drm/renderD" + std::to_string(minor) + "/dev", "226:1\n");
    const std::string manager =
        device_of(managing) + "/fmgr.m.1024/fpga_manager/fpga" + std::to_string(n);
    write(manager + "/name", "Xilinx PCIe FPGA Manager\n");
    write(manager + "/state", "unknown\n");
    link("../.." + manager.substr(4), "/sys/class/fpga_manager/fpga" + std::to_string(n));
    write(device_of(managing) + "/xrt_mgmt/xclmgmt" + std::to_string(n) + "/dev", "1:1\n");
    link("../../../" + managing,
         device_of(managing) + "/xrt_mgmt/xclmgmt" + std::to_string(n) + "/device");
    link("../.." + device_of(managing).substr(4) + "/xrt_mgmt/xclmgmt" + std::to_string(n),
         "/sys/class/xrt_mgmt/xclmgmt" + std::to_string(n));
  }

  /// One beside a CPU, as on a Zynq.
  void add_manager(std::uint32_t n, const std::string& state) const {
    const std::string at =
        "/sys/devices/soc0/f8007000.devcfg/fpga_manager/fpga" + std::to_string(n);
    write(at + "/name", "Xilinx Zynq FPGA Manager\n");
    write(at + "/state", state);
    link("../.." + at.substr(4), "/sys/class/fpga_manager/fpga" + std::to_string(n));
  }

  void open(std::int64_t pid, std::uint32_t fd, const std::string& file) const {
    link(file, "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd));
  }

  static std::string device_of(const std::string& address) {
    return "/sys/devices/pci0000:00/" + address;
  }

 private:
  void add_function(const std::string& address, const char* vendor, const char* device) const {
    write(device_of(address) + "/vendor", vendor);
    write(device_of(address) + "/device", device);
    write(device_of(address) + "/class", "0x120000\n");
    write(device_of(address) + "/numa_node", "1\n");
    link("../../../devices/pci0000:00/" + address, "/sys/bus/pci/devices/" + address);
  }
  void link(const std::string& target, const std::string& path) const {
    const std::filesystem::path whole = root_ + path;
    std::error_code ignored;
    std::filesystem::create_directories(whole.parent_path(), ignored);
    std::filesystem::create_symlink(target, whole, ignored);
  }

  std::string root_;
};

}  // namespace gangline
