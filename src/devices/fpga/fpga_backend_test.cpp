#include "devices/fpga/fpga_backend.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <random>

#include "devices/fpga/small_boards.h"
#include "devices/small_machine.h"

namespace gangline {
namespace {

class Fpga : public testing::Test {
 protected:
  BackendFacts facts() { return backend_->facts(); }
  DeviceSample sample(std::size_t device = 0) { return backend_->sample().devices.at(device); }

  SmallMachine machine_;
  SmallBoards boards_{machine_.root()};
  std::unique_ptr<DeviceBackend> backend_ = make_fpga_backend(machine_.root());
};

TEST_F(Fpga, ACardOfDflIsOneDeviceWithAllItsPorts) {
  boards_.add_dfl(3, "0000:3b:00.0", 2);
  const BackendFacts found = facts();
  ASSERT_EQ(found.devices.size(), 1u);
  const Device& fpga = found.devices[0];
  EXPECT_EQ(fpga.kind, DeviceKind::fpga);
  EXPECT_EQ(fpga.vendor, "intel");
  EXPECT_EQ(fpga.model, "Intel PAC N3000");
  EXPECT_EQ(fpga.uid, "DFL-0000:3b:00.0");
  EXPECT_EQ(fpga.pci_address, "0000:3b:00.0");
  EXPECT_EQ(fpga.numa_node, 1u);
  EXPECT_EQ(fpga.files,
            (std::vector<std::string>{"/dev/dfl-port.6", "/dev/dfl-port.7", "/dev/dfl-fme.3"}));
  const DeviceSample read = sample();
  EXPECT_EQ(read.state, "operating");
  EXPECT_EQ(read.power, Watts{41.5});
  EXPECT_EQ(read.temperature_celsius, 52);
  EXPECT_EQ(read.energy, std::nullopt);
  EXPECT_EQ(read.busy_percent, std::nullopt);
}

TEST_F(Fpga, ACardOfXrtIsOneDeviceThoughItHasTwoFunctionsAndAManager) {
  boards_.add_xrt(0, "0000:65:00", 129);
  const BackendFacts found = facts();
  ASSERT_EQ(found.devices.size(), 1u);
  const Device& fpga = found.devices[0];
  EXPECT_EQ(fpga.vendor, "xilinx");
  EXPECT_EQ(fpga.model, "xilinx_u250_gen3x16_xdma_shell_3_1");
  EXPECT_EQ(fpga.uid, "XRT-0000:65:00.1");
  EXPECT_EQ(fpga.files, (std::vector<std::string>{"/dev/dri/renderD129", "/dev/xclmgmt0"}));
  EXPECT_EQ(sample().state, "operating");
  EXPECT_EQ(sample().power, Watts{29});
  boards_.write(SmallBoards::device_of("0000:65:00.1") + "/ready", "0\n");
  EXPECT_EQ(sample().state, "not ready");
  boards_.write(SmallBoards::device_of("0000:65:00.1") + "/dev_offline", "1\n");
  EXPECT_EQ(sample().state, "offline");
}

TEST_F(Fpga, AManagerOfItsOwnIsADeviceWithoutAFileAndThatIsSaid) {
  boards_.add_manager(0, "write error\n");
  const BackendFacts found = facts();
  ASSERT_EQ(found.devices.size(), 1u);
  EXPECT_EQ(found.devices[0].model, "Xilinx Zynq FPGA Manager");
  EXPECT_EQ(found.devices[0].uid, "FPGA-f8007000.devcfg");
  EXPECT_TRUE(found.devices[0].files.empty());
  ASSERT_EQ(found.notes.size(), 1u);
  EXPECT_NE(found.notes[0].find("no device file"), std::string::npos);
  EXPECT_EQ(sample().state, "write error");
  EXPECT_EQ(sample().processes, std::nullopt);
}

TEST_F(Fpga, SixteenInALargeDomainAreSixteenDevices) {
  for (std::uint32_t i = 0; i < 8; ++i) {
    char slot[32];
    std::snprintf(slot, sizeof slot, "10000:%02x:00", 0x20 + i);
    boards_.add_dfl(i, std::string(slot) + ".0");
    std::snprintf(slot, sizeof slot, "10001:%02x:00", 0x20 + i);
    boards_.add_xrt(8 + i, slot, 128 + i);
  }
  const BackendFacts found = facts();
  ASSERT_EQ(found.devices.size(), 16u);
  EXPECT_EQ(found.devices[15].pci_address, "10001:27:00.1");
  EXPECT_EQ(found.links.size(), 120u);
}

TEST_F(Fpga, WhoHasItsFilesOpenUsesIt) {
  boards_.add_dfl(0, "0000:3b:00.0", 2);
  boards_.add_xrt(1, "0000:65:00", 129);
  machine_.process(4242, 1007, "eve", "opae");
  boards_.open(4242, 3, "/dev/dfl-port.0");
  boards_.open(4242, 4, "/dev/dfl-port.1");
  boards_.open(4300, 3, "/dev/dri/renderD129");
  boards_.open(4301, 3, "/dev/xclmgmt1");  // the daemon of XRT always has it
  facts();
  const BackendSample read = backend_->sample();
  EXPECT_EQ(*read.devices.at(0).processes, (std::vector<DeviceProcess>{{4242, {}, "eve", "opae"}}));
  EXPECT_EQ(*read.devices.at(1).processes, (std::vector<DeviceProcess>{{4300, {}, "", ""}}));
}

TEST_F(Fpga, WhatIsMissingEmptyOrNonsenseIsUnknown) {
  const std::string fme = SmallBoards::device_of("0000:3b:00.0") + "/fpga_region/region0/dfl-fme.0";
  for (const std::string& text : {std::string(), std::string("\n"), std::string("\x1b[31m"),
                                  std::string("-1\n"), std::string(100'000, '9')}) {
    boards_.add_dfl(0, "0000:3b:00.0");
    boards_.write(fme + "/hwmon/hwmon8/power1_input", text);
    boards_.write(fme + "/hwmon/hwmon9/temp1_input", text == "-1\n" ? "x" : text);
    boards_.write(fme + "/dfl-fme-mgr.0/fpga_manager/fpga0/state", text == "-1\n" ? "" : text);
    facts();
    EXPECT_EQ(sample().power, std::nullopt);
    EXPECT_EQ(sample().temperature_celsius, std::nullopt);
    EXPECT_EQ(sample().state, "");
  }
  std::filesystem::remove_all(machine_.root() + fme);
  std::filesystem::remove(machine_.root() + "/sys/class/fpga_manager/fpga0");
  const BackendFacts found = facts();  // as a virtual machine sees a port that it was given
  ASSERT_EQ(found.devices.size(), 1u);
  EXPECT_EQ(found.devices[0].files, std::vector<std::string>{"/dev/dfl-port.0"});
  EXPECT_EQ(sample().state, "");
}

TEST_F(Fpga, FilesThatMayNotBeReadAreUnknown) {
  boards_.add_manager(0, "operating\n");
  std::filesystem::permissions(
      machine_.root() + "/sys/devices/soc0/f8007000.devcfg/fpga_manager/fpga0/state",
      std::filesystem::perms::none);
  const NotRoot person;
  EXPECT_EQ(facts().devices.size(), 1u);
  EXPECT_EQ(sample().state, "");
}

TEST_F(Fpga, OneThatGoesMakesTheFactsOld) {
  boards_.add_dfl(0, "0000:3b:00.0");
  facts();
  EXPECT_FALSE(backend_->sample().facts_changed);
  std::filesystem::remove_all(machine_.root() + SmallBoards::device_of("0000:3b:00.0"));
  EXPECT_TRUE(backend_->sample().facts_changed);
}

TEST_F(Fpga, AMachineWithoutFpgasHasNothingAndSaysNothing) {
  EXPECT_TRUE(facts().devices.empty());
  EXPECT_TRUE(facts().notes.empty());
  EXPECT_TRUE(backend_->sample().devices.empty());
}

TEST_F(Fpga, ATreeOfNonsenseIsReadWithoutHarm) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int world = 0; world < 30; ++world) {
    boards_.add_dfl(0, "0000:3b:00.0");
    boards_.add_xrt(1, "0000:65:00", 129);
    boards_.add_manager(2, "operating\n");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(machine_.root())) {
      if (!entry.is_regular_file() || random() % 3 != 0) continue;
      std::string bytes(random() % 64, '\0');
      for (char& byte : bytes) byte = static_cast<char>("0123456789 \nx\xff"[random() % 14]);
      std::ofstream(entry.path()) << bytes;
    }
    const BackendFacts found = facts();
    EXPECT_EQ(backend_->sample().devices.size(), found.devices.size());
  }
}

}  // namespace
}  // namespace gangline
