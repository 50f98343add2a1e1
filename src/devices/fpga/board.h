// FPGAs as three families of drivers tell them: DFL (Intel and others), XRT (Xilinx, AMD), and the
// kernel's own fpga_manager, which the first two use as well.
#pragma once

#include <string>
#include <vector>

#include "devices/sysfs/pci.h"
#include "model/cluster.h"

namespace gangline::fpga {

/// One FPGA.
struct Board {
  Device facts;
  PciPath path;                   ///< empty: unknown, or not on a PCI bus
  std::string directory;          ///< gone when the FPGA is
  std::string state_file;         ///< of its fpga_manager; empty: none
  std::string xrt;                ///< directory of its user function; empty: not of XRT
  std::string power_file;         ///< in microwatts; empty: none
  std::string thermometer;        ///< in thousandths of a degree; empty: none
  std::vector<std::string> used;  ///< device files that whoever computes on it has open
};

std::vector<Board> read_boards(const std::string& root);

/// One reading, without processes.
DeviceSample read_sample(const Board& board);

}  // namespace gangline::fpga
