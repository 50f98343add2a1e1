#include "devices/intel/intel_backend.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "devices/intel/small_cards.h"
#include "devices/small_machine.h"

namespace gangline {
namespace {

std::string notes_of(const BackendFacts& facts) {
  std::string notes;
  for (const std::string& note : facts.notes)
    if (!note.starts_with("who uses Intel GPUs")) notes += note + "\n";
  return notes;
}

class Intel : public testing::Test {
 protected:
  BackendFacts facts() { return backend_->facts(); }
  DeviceSample sample(std::size_t device = 0) { return backend_->sample().devices.at(device); }
  void sensor(const SmallCard& gpu, const std::string& file, const std::string& text) const {
    cards_.card(gpu, "hwmon/hwmon4/" + file, text);
  }
  void slept(const SmallCard& gpu, unsigned tile, const std::string& text) const {
    cards_.card(gpu,
                "tile" + std::to_string(tile) + "/gt" + std::to_string(2 * tile) +
                    "/gtidle/idle_residency_ms",
                text);
  }

  SmallMachine machine_;
  SmallCards cards_{machine_.root()};
  Span now_ = seconds(100);
  std::unique_ptr<DeviceBackend> backend_ =
      make_intel_backend(machine_.root(), [this] { return now_; });
  const SmallCard one_{};
  const SmallCard two_{0, 0x9a, 0, 1, "0x56c0", 1};
};

TEST_F(Intel, AGpuOfXeIsReadWhole) {
  cards_.add_xe(one_);
  const BackendFacts found = facts();
  ASSERT_EQ(found.devices.size(), 1u);
  const Device& gpu = found.devices[0];
  EXPECT_EQ(gpu.vendor, "intel");
  EXPECT_EQ(gpu.model, "Intel Data Center GPU Max 1550, 2 tiles");
  EXPECT_EQ(gpu.uid, "INTEL-0000:4d:00.0");
  EXPECT_EQ(gpu.memory, gibibytes(128));
  EXPECT_EQ(gpu.pci_address, "0000:4d:00.0");
  EXPECT_EQ(gpu.numa_node, 0u);
  EXPECT_EQ(gpu.files, (std::vector<std::string>{"/dev/dri/card0", "/dev/dri/renderD128"}));
  EXPECT_EQ(gpu.power_limit, Watts{600});
  EXPECT_EQ(gpu.ordinal, 0u);
  EXPECT_TRUE(gpu.allottable && gpu.present);
  EXPECT_EQ(found.driver, "xe");
  EXPECT_EQ(notes_of(found), "");
}

TEST_F(Intel, PowerAndUseAreWorkedOutFromCountersBetweenTwoReadings) {
  cards_.add_xe(one_);
  facts();
  const DeviceSample first = sample();
  EXPECT_EQ(first.energy, Joules{1});
  EXPECT_EQ(first.power, std::nullopt);
  EXPECT_EQ(first.busy_percent, std::nullopt);
  EXPECT_EQ(first.temperature_celsius, 43);
  EXPECT_EQ(first.memory_used, std::nullopt);
  now_ = now_ + seconds(2);
  sensor(one_, "energy1_input", "501000000\n");
  slept(one_, 0, "3000\n");  // all of the 2 seconds
  slept(one_, 1, "2000\n");  // half of them
  const DeviceSample second = sample();
  EXPECT_EQ(second.energy, Joules{501});
  EXPECT_EQ(second.power, Watts{250});
  EXPECT_EQ(second.busy_percent, 25);
}

TEST_F(Intel, AReadingThatFollowsAtOnceSaysTheRateFoundLast) {
  cards_.add_xe(one_);
  facts();
  sample();
  now_ = now_ + seconds(1);
  sensor(one_, "energy1_input", "101000000\n");
  EXPECT_EQ(sample().power, Watts{100});
  now_ = now_ + milliseconds(1);
  EXPECT_EQ(sample().power, Watts{100});
}

TEST_F(Intel, EnergyThatGoesBackHasStartedAnewAndIsCountedOn) {
  cards_.add_xe(one_);
  facts();
  EXPECT_EQ(sample().energy, Joules{1});
  now_ = now_ + seconds(1);
  sensor(one_, "energy1_input", "3000000\n");
  EXPECT_EQ(sample().energy, Joules{3});
  now_ = now_ + seconds(1);
  sensor(one_, "energy1_input", "500000\n");
  EXPECT_EQ(sample().energy, Joules{3.5});
}

TEST_F(Intel, AGpuOfI915SaysNothingOfItsMemoryAndIsReadAsFarAsItTells) {
  cards_.add_i915(two_);
  const BackendFacts found = facts();
  ASSERT_EQ(found.devices.size(), 1u);
  EXPECT_EQ(found.devices[0].model, "Intel Data Center GPU Flex 170");
  EXPECT_EQ(found.devices[0].memory, Bytes{0});
  EXPECT_EQ(found.devices[0].power_limit, Watts{190});
  EXPECT_EQ(found.driver, "i915");
  sample();
  now_ = now_ + seconds(1);
  cards_.card(two_, "drm/card1/gt/gt0/rc6_residency_ms", "700\n");
  cards_.card(two_, "hwmon/hwmon6/energy1_input", "52000000\n");
  const DeviceSample read = sample();
  EXPECT_EQ(read.busy_percent, 80);
  EXPECT_EQ(read.power, Watts{50});
  EXPECT_EQ(read.temperature_celsius, std::nullopt);
}

TEST_F(Intel, APartThatNeverSleepsSaysNothingOfItsUse) {
  cards_.add_i915(two_);
  cards_.card(two_, "drm/card1/gt/gt0/rc6_enable", "0\n");
  cards_.add_xe(one_);
  slept(one_, 1, "0\n");
  facts();
  for (int reading = 0; reading < 3; ++reading) {
    EXPECT_EQ(sample(0).busy_percent, std::nullopt);
    EXPECT_EQ(sample(1).busy_percent, std::nullopt);
    now_ = now_ + seconds(1);
  }
}

TEST_F(Intel, TheNameOfAnotherComesFromTheListOfTheSystem) {
  SmallCard other = one_;
  other.device = "0x4905";
  cards_.add_xe(other);
  EXPECT_EQ(facts().devices.at(0).model, "Intel GPU 0x4905, 2 tiles");
  machine_.file("/usr/share/misc/pci.ids",
                "8086  Intel Corporation\n\t4905  DG1 [Iris Xe MAX Graphics]\n");
  EXPECT_EQ(facts().devices.at(0).model, "Intel DG1 [Iris Xe MAX Graphics], 2 tiles");
}

TEST_F(Intel, WhatIsMissingEmptyOrNonsenseIsUnknownAndNeverZero) {
  for (const char* const text : {"", "\n", "nonsense\n", "-1\n", "99999999999999999999999999\n"}) {
    cards_.add_xe(one_);
    for (const char* file : {"energy1_input", "power1_max"}) sensor(one_, file, text);
    cards_.card(one_, "tile0/physical_vram_size_bytes", text);
    slept(one_, 0, text);
    EXPECT_EQ(facts().devices.at(0).memory, Bytes{0}) << text;
    EXPECT_EQ(facts().devices[0].power_limit, std::nullopt) << text;
    sample();
    now_ = now_ + seconds(1);
    const DeviceSample read = sample();
    EXPECT_EQ(read.energy, std::nullopt) << text;
    EXPECT_EQ(read.power, std::nullopt) << text;
    EXPECT_EQ(read.busy_percent, std::nullopt) << text;
  }
  std::filesystem::remove_all(machine_.root() + SmallCards::directory_of(one_) + "/hwmon");
  std::filesystem::remove_all(machine_.root() + SmallCards::directory_of(one_) + "/drm");
  const BackendFacts found = facts();
  ASSERT_EQ(found.devices.size(), 1u);
  EXPECT_TRUE(found.devices[0].files.empty());
  EXPECT_EQ(sample().processes, std::nullopt);
}

TEST_F(Intel, AFileThatNeverEndsOrIsADirectoryIsUnknown) {
  cards_.add_xe(one_);
  sensor(one_, "energy1_input", std::string(100'000, '1'));
  const std::string heat =
      machine_.root() + SmallCards::directory_of(one_) + "/hwmon/hwmon4/temp2_input";
  std::filesystem::remove(heat);
  std::filesystem::create_directory(heat);
  facts();
  EXPECT_EQ(sample().energy, std::nullopt);
  EXPECT_EQ(sample().temperature_celsius, std::nullopt);
}

TEST_F(Intel, FilesThatMayNotBeReadAreUnknown) {
  cards_.add_xe(one_);
  std::filesystem::permissions(
      machine_.root() + SmallCards::directory_of(one_) + "/hwmon/hwmon4/energy1_input",
      std::filesystem::perms::none);
  machine_.file("/dev/dri/renderD128", "");
  std::filesystem::permissions(machine_.root() + "/dev/dri/renderD128",
                               std::filesystem::perms::none);
  const NotRoot person;
  EXPECT_NE(notes_of(facts()).find("may open /dev/dri/renderD"), std::string::npos);
  EXPECT_EQ(sample().energy, std::nullopt);
}

TEST_F(Intel, ACardThatSleepsIsNotWokenToBeReadAndIsReadWhenItWakes) {
  cards_.add_xe(one_);
  cards_.card(one_, "power/runtime_status", "suspended\n");
  EXPECT_EQ(facts().devices.at(0).power_limit, std::nullopt);
  EXPECT_EQ(sample().energy, std::nullopt);
  EXPECT_TRUE(sample().processes.has_value());
  cards_.card(one_, "power/runtime_status", "active\n");
  EXPECT_EQ(sample().energy, Joules{1});
}

TEST_F(Intel, APartOfTheCpuIsLeftOutButCounted) {
  cards_.add_card({0, 0, 2, 0, "0x4680"}, "i915");
  SmallCard second = one_;
  second.minor = 1;
  cards_.add_xe(second);
  const BackendFacts found = facts();
  ASSERT_EQ(found.devices.size(), 1u);
  EXPECT_EQ(found.devices[0].ordinal, 1u);
  EXPECT_EQ(notes_of(found),
            "the Intel GPU at 0000:00:02.0 is left out: it is a part of the CPU\n");
}

TEST_F(Intel, ACardThatAVirtualMachinePutsWhereThatPartOfTheCpuWouldBeIsADevice) {
  cards_.add_xe({0, 0, 2, 0, "0xe20b", 1});
  ASSERT_EQ(facts().devices.size(), 1u);
  EXPECT_EQ(facts().devices[0].model, "Intel Arc B580");
}

TEST_F(Intel, WithoutADriverThereIsANoteAndNoDevice) {
  cards_.add_card(one_, "");
  EXPECT_TRUE(facts().devices.empty());
  EXPECT_NE(notes_of(facts()).find("0000:4d:00.0"), std::string::npos);
  // One that is handed to a virtual machine, and an FPGA, say nothing.
  cards_.add_card(two_, "vfio-pci");
  const SmallCard fpga{0, 0xb1, 0, 2, "0x0b30"};
  cards_.add_card(fpga, "dfl-pci");
  cards_.card(fpga, "class", "0x120000\n");
  EXPECT_EQ(facts().notes.size(), 1u);
}

TEST_F(Intel, SixteenGpusInALargeDomainComeInTheOrderOfTheBus) {
  for (std::uint32_t i = 0; i < 15; ++i) cards_.add_xe({0x10000, 0x10 + i, 0, i, "0x0bda", 1});
  cards_.add_xe({0xffff, 0x10, 0, 15, "0x0bda", 1});
  const BackendFacts found = facts();
  ASSERT_EQ(found.devices.size(), 16u);
  EXPECT_EQ(found.devices[0].pci_address, "ffff:10:00.0");
  EXPECT_EQ(found.devices[15].pci_address, "10000:1e:00.0");
  EXPECT_EQ(found.devices[15].ordinal, 15u);
  EXPECT_EQ(found.links.size(), 120u);
  EXPECT_EQ(backend_->sample().devices.size(), 16u);
}

TEST_F(Intel, AProcessUsesAGpuIfItHoldsMemoryThere) {
  cards_.add_xe(one_);
  cards_.add_xe(two_);
  machine_.process(4242, 1007, "eve", "python3");
  // Two descriptors of one client and one of another; memory of the host does not count.
  cards_.open(4242, 5, one_,
              "drm-client-id:\t3\ndrm-total-system:\t9 MiB\ndrm-total-vram0:\t1024 KiB\n"
              "drm-total-vram1:\t1024 KiB\n");
  cards_.open(4242, 6, one_,
              "drm-client-id:\t3\ndrm-total-vram0:\t1024 KiB\ndrm-total-vram1:\t1024 KiB\n");
  cards_.open(4242, 7, one_, "drm-client-id:\t4\ndrm-total-vram0:\t2 MiB\n");
  cards_.open(4242, 8, two_, "drm-client-id:\t5\ndrm-total-vram0:\t0\n");  // opened only
  cards_.open(4300, 3, two_, "drm-client-id:\t6\n");  // older drivers do not say
  facts();
  const BackendSample read = backend_->sample();
  EXPECT_EQ(*read.devices.at(0).processes,
            (std::vector<DeviceProcess>{{4242, mebibytes(4), "eve", "python3"}}));
  EXPECT_EQ(*read.devices.at(1).processes, (std::vector<DeviceProcess>{{4300, {}, "", ""}}));
}

TEST_F(Intel, AGpuThatGoesMakesTheFactsOld) {
  cards_.add_xe(one_);
  facts();
  EXPECT_FALSE(backend_->sample().facts_changed);
  std::filesystem::remove(machine_.root() + SmallCards::directory_of(one_) + "/driver");
  EXPECT_TRUE(backend_->sample().facts_changed);
  EXPECT_EQ(backend_->sample().devices.at(0).energy, std::nullopt);
}

TEST_F(Intel, AMachineWithoutIntelGpusHasNothingAndSaysNothing) {
  EXPECT_TRUE(facts().devices.empty());
  EXPECT_TRUE(facts().notes.empty());
  EXPECT_TRUE(backend_->sample().devices.empty());
}

TEST_F(Intel, ATreeOfNonsenseIsReadWithoutHarm) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int world = 0; world < 30; ++world) {
    cards_.add_xe(one_);
    cards_.add_i915(two_);
    cards_.open(77, 3, one_, "drm-client-id:\t6\ndrm-total-vram0:\t7 KiB\n");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(machine_.root())) {
      if (!entry.is_regular_file() || random() % 3 != 0) continue;
      std::string bytes(random() % 64, '\0');
      for (char& byte : bytes) byte = static_cast<char>("0123456789 \nx\xff"[random() % 14]);
      std::ofstream(entry.path()) << bytes;
    }
    const BackendFacts found = facts();
    for (int reading = 0; reading < 2; ++reading) {
      const BackendSample read = backend_->sample();
      EXPECT_EQ(read.devices.size(), found.devices.size());
      for (const DeviceSample& device : read.devices) {
        EXPECT_LE(device.busy_percent.value_or(0), 100);
        EXPECT_LE(device.power.value_or(Watts{0}), Watts{100'000});
      }
      now_ = now_ + seconds(1);
    }
  }
}

}  // namespace
}  // namespace gangline
