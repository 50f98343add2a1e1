#include "devices/amd/amd_backend.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <random>

#include "devices/amd/gpu_metrics.h"
#include "devices/amd/processes.h"
#include "devices/amd/small_gpus.h"
#include "devices/small_machine.h"

namespace gangline {
namespace {

std::string notes_of(const BackendFacts& facts) {
  std::string notes;
  for (const std::string& note : facts.notes) notes += note + "\n";
  return notes;
}

class Amd : public testing::Test {
 protected:
  BackendFacts facts() { return backend_->facts(); }
  DeviceSample sample(std::size_t device = 0) {
    facts();
    return backend_->sample().devices.at(device);
  }
  void card(const SmallGpu& gpu, const std::string& file, const std::string& text) const {
    gpus_.write(SmallGpus::card_of(gpu) + "/" + file, text);
  }

  SmallMachine machine_;
  SmallGpus gpus_{machine_.root()};
  std::unique_ptr<DeviceBackend> backend_ = make_amd_backend(machine_.root());
  const SmallGpu one_{};
  const SmallGpu two_{2, 0, 0x41, 0xff, 129};
};

TEST_F(Amd, AGpuIsReadWhole) {
  gpus_.add(one_);
  const BackendFacts found = facts();
  ASSERT_EQ(found.devices.size(), 1u);
  const Device& gpu = found.devices[0];
  EXPECT_EQ(gpu.vendor, "amd");
  EXPECT_EQ(gpu.model, "AMD Instinct MI300X");
  EXPECT_EQ(gpu.uid, "GPU-00ff000000000001");
  EXPECT_EQ(gpu.memory, Bytes{206141652992});
  EXPECT_EQ(gpu.pci_address, "0000:c1:00.0");
  EXPECT_EQ(gpu.numa_node, 1u);
  EXPECT_EQ(gpu.files, (std::vector<std::string>{"/dev/dri/card0", "/dev/dri/renderD128"}));
  EXPECT_EQ(gpu.power_limit, Watts{750});
  EXPECT_EQ(gpu.ordinal, 0u);
  EXPECT_TRUE(gpu.allottable && gpu.present);
  EXPECT_EQ(found.driver, "amdgpu 6.12.12");
  EXPECT_EQ(notes_of(found), "");
}

TEST_F(Amd, AReadingHasUseMemoryPowerTemperatureAndEnergy) {
  gpus_.add(one_);
  const DeviceSample read = sample();
  EXPECT_EQ(read.busy_percent, 37);
  EXPECT_EQ(read.memory_used, gibibytes(1));
  EXPECT_EQ(read.power, Watts{139.5});
  EXPECT_EQ(read.temperature_celsius, 41.5);
  EXPECT_EQ(read.energy, Joules{10});
  ASSERT_TRUE(read.processes.has_value());
  EXPECT_TRUE(read.processes->empty());
}

TEST_F(Amd, WithoutSensorsTheMetricsSayUsePowerAndTemperature) {
  gpus_.add(one_);
  std::filesystem::remove_all(machine_.root() + SmallGpus::card_of(one_) + "/hwmon");
  card(one_, "gpu_busy_percent", "");
  const DeviceSample read = sample();
  EXPECT_EQ(read.busy_percent, 12);
  EXPECT_EQ(read.power, Watts{99});
  EXPECT_EQ(read.temperature_celsius, 44);
}

TEST_F(Amd, WhatIsMissingEmptyOrNonsenseIsUnknownAndNeverZero) {
  const char* const files[] = {"gpu_busy_percent", "mem_info_vram_used", "gpu_metrics",
                               "hwmon/hwmon7/power1_average", "hwmon/hwmon7/temp2_input"};
  for (const char* const text : {"", "\n", "nonsense\n", "-1\n", "99999999999999999999999999\n"}) {
    gpus_.add(one_);
    for (const char* file : files) card(one_, file, text);
    const DeviceSample read = sample();
    EXPECT_EQ(read.busy_percent, std::nullopt) << text;
    EXPECT_EQ(read.memory_used, std::nullopt) << text;
    EXPECT_EQ(read.power, std::nullopt) << text;
    EXPECT_EQ(read.energy, std::nullopt) << text;
    if (text[0] != '-') {
      EXPECT_EQ(read.temperature_celsius, std::nullopt) << text;
    }
  }
  for (const char* file : files)
    std::filesystem::remove(machine_.root() + SmallGpus::card_of(one_) + "/" + file);
  EXPECT_EQ(sample().power, std::nullopt);
  card(one_, "hwmon/hwmon7/power1_average", "0\n");  // the second half of an MI250 says so
  EXPECT_EQ(sample().power, std::nullopt);
}

TEST_F(Amd, AFileThatNeverEndsOrIsADirectoryIsUnknown) {
  gpus_.add(one_);
  card(one_, "gpu_busy_percent", std::string(100'000, '1'));
  card(one_, "gpu_metrics", std::string(1'000'000, '\1'));
  const std::string used = machine_.root() + SmallGpus::card_of(one_) + "/mem_info_vram_used";
  std::filesystem::remove(used);
  std::filesystem::create_directory(used);
  const DeviceSample read = sample();
  EXPECT_EQ(read.busy_percent, std::nullopt);
  EXPECT_EQ(read.memory_used, std::nullopt);
  EXPECT_EQ(read.energy, std::nullopt);
}

TEST_F(Amd, FilesThatMayNotBeReadAreUnknown) {
  gpus_.add(one_);
  const auto close = [&](const std::string& file) {
    std::filesystem::permissions(machine_.root() + file, std::filesystem::perms::none);
  };
  close(SmallGpus::card_of(one_) + "/gpu_busy_percent");
  close(SmallGpus::card_of(one_) + "/gpu_metrics");
  {
    const NotRoot person;
    EXPECT_EQ(sample().busy_percent, std::nullopt);
  }
  close(SmallGpus::node_of(one_) + "/gpu_id");
  const NotRoot person;
  EXPECT_NE(notes_of(facts()).find("1 AMD GPUs cannot be read"), std::string::npos);
}

TEST_F(Amd, ACardThatSleepsIsNotWokenToBeRead) {
  gpus_.add(one_);
  card(one_, "power/runtime_status", "suspended\n");
  const DeviceSample read = sample();
  EXPECT_EQ(read.busy_percent, std::nullopt);
  EXPECT_EQ(read.energy, std::nullopt);
  EXPECT_TRUE(read.processes.has_value());
}

TEST_F(Amd, EnergyThatGoesBackHasStartedAnewAndIsCountedOn) {
  gpus_.add(one_);
  EXPECT_EQ(sample().energy, Joules{10});
  card(one_, "gpu_metrics", SmallGpus::metrics(4, 65536 * 15));
  EXPECT_EQ(sample().energy, Joules{15});
  card(one_, "gpu_metrics", SmallGpus::metrics(4, 65536 * 2));
  EXPECT_EQ(sample().energy, Joules{17});
}

TEST(AmdMetrics, EachKnownRevisionSaysEnergyWhereItsLayoutHasIt) {
  for (std::uint8_t revision = 4; revision <= 8; ++revision)
    EXPECT_EQ(amd::decode_metrics(SmallGpus::metrics(revision, 7), 90402).energy_units, 7u)
        << int{revision};
}

TEST(AmdMetrics, AnUnknownRevisionAndAFileThatIsCutShortSayNothing) {
  for (const std::uint8_t revision : {std::uint8_t{0}, std::uint8_t{9}, std::uint8_t{255}})
    EXPECT_EQ(amd::decode_metrics(SmallGpus::metrics(revision, 7), 90402).energy_units,
              std::nullopt);
  const std::string whole = SmallGpus::metrics(4, 7);
  EXPECT_EQ(amd::decode_metrics(whole.substr(0, 255), 90402).energy_units, std::nullopt);
  std::string other = whole;
  other[2] = 2;  // the format of integrated GPUs
  EXPECT_EQ(amd::decode_metrics(other, 90402).energy_units, std::nullopt);
  EXPECT_EQ(amd::decode_metrics(SmallGpus::metrics(4, ~std::uint64_t{0}), 90402).energy_units,
            std::nullopt);
}

TEST(AmdMetrics, OldRevisionsCountEnergyOnMi100AndMi200Only) {
  std::string bytes = SmallGpus::metrics(3, 7);
  EXPECT_EQ(amd::decode_metrics(bytes, 90010).energy_units, 7u);
  EXPECT_EQ(amd::decode_metrics(bytes, 90008).energy_units, 7u);
  EXPECT_EQ(amd::decode_metrics(bytes, 110000).energy_units, std::nullopt);
}

TEST(AmdMetrics, RandomBytesDoNoHarm) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (bytes.size() > 4) {
      bytes[1] = 0;
      bytes[2] = 1;
      bytes[3] = static_cast<char>(random() % 10);
    }
    const auto metrics = amd::decode_metrics(bytes, 90402);
    EXPECT_LE(metrics.busy_percent.value_or(0), 100);
  }
}

TEST_F(Amd, XgmiLinksJoinGpusAndOthersMeetOnTheBus) {
  const SmallGpu three{3, 0, 0x42, 3, 130};
  gpus_.add(one_);
  gpus_.add(two_);
  gpus_.add(three);
  gpus_.link(two_, one_, 4);
  const BackendFacts found = facts();
  ASSERT_EQ(found.devices.size(), 3u);
  EXPECT_EQ(found.links.at(0), (Link{0, 1, LinkKind::nvlink, 4}));
  EXPECT_EQ(found.links.at(1), (Link{0, 2, LinkKind::system, 0}));
  EXPECT_EQ(found.links.at(2), (Link{1, 2, LinkKind::numa, 0}));
}

TEST(PciLinks, ASwitchIsToldFromSeveralAndFromTheHostBridge) {
  const PciPath a{"pci0000:00", "0000:00:01.0", "0000:01:00.0", "0000:02:00.0", "0000:03:00.0"};
  const PciPath b{"pci0000:00", "0000:00:01.0", "0000:01:00.0", "0000:02:01.0", "0000:04:00.0"};
  const PciPath far{"pci0000:00",   "0000:00:01.0", "0000:01:00.0", "0000:02:02.0",
                    "0000:05:00.0", "0000:06:00.0", "0000:07:00.0"};
  const PciPath other{"pci0000:00", "0000:00:02.0", "0000:09:00.0"};
  EXPECT_EQ(pci_link(a, b, {}, {}), LinkKind::pcie_switch);
  EXPECT_EQ(pci_link(a, far, {}, {}), LinkKind::pcie_switches);
  EXPECT_EQ(pci_link(a, other, {}, {}), LinkKind::host_bridge);
  EXPECT_EQ(pci_link(a, {}, 1u, 1u), LinkKind::numa);
  EXPECT_EQ(pci_link(a, {}, {}, 1u), std::nullopt);
}

TEST_F(Amd, SixteenGpusInALargeDomainAreSixteenDevices) {
  for (std::uint32_t i = 0; i < 16; ++i) gpus_.add({i + 1, 0x10000, 0x10 + i, 0xabc0 + i, 128 + i});
  gpus_.write(SmallGpus::node_of({}) + "/../../nothing", "");
  for (std::uint32_t i = 0; i < 16; ++i)
    card({i + 1, 0x10000, 0x10 + i}, "unique_id", "00000000000000" + std::to_string(10 + i));
  const BackendFacts found = facts();
  ASSERT_EQ(found.devices.size(), 16u);
  EXPECT_EQ(found.devices[15].pci_address, "10000:1f:00.0");
  EXPECT_EQ(found.devices[15].uid, "GPU-0000000000000025");
  EXPECT_EQ(found.devices[15].files.back(), "/dev/dri/renderD143");
  EXPECT_EQ(found.links.size(), 120u);
  EXPECT_EQ(backend_->sample().devices.size(), 16u);
}

TEST_F(Amd, GpusWithoutANumberOfTheirOwnGoByTheirPlace) {
  gpus_.add(one_);
  gpus_.add(two_);
  card(one_, "unique_id", "0\n");
  card(two_, "unique_id", "zzz\n");
  const SmallGpu nameless{2, 0, 0x41, 0, 129};
  gpus_.add_node(nameless);
  const BackendFacts found = facts();
  EXPECT_EQ(found.devices.at(0).uid, "AMD-0000:c1:00.0");
  EXPECT_EQ(found.devices.at(1).uid, "AMD-0000:41:00.0");
  EXPECT_EQ(found.devices[1].ordinal, 1u);
}

TEST_F(Amd, APartOfTheCpuIsLeftOutButCounted) {
  SmallGpu inside;
  inside.node = 1;
  inside.bus = 0x0b;
  inside.chip = 100306;
  gpus_.add_node(inside);
  gpus_.add(two_);
  const BackendFacts found = facts();
  ASSERT_EQ(found.devices.size(), 1u);
  EXPECT_EQ(found.devices[0].ordinal, 1u);
  EXPECT_NE(notes_of(found).find("0000:0b:00.0 is left out"), std::string::npos);
}

TEST_F(Amd, PartitionsAreDevicesAndTheirCardIsNotGivenAway) {
  gpus_.add(one_);
  for (std::uint32_t i = 1; i < 4; ++i) {
    SmallGpu part = one_;
    part.node = 1 + i;
    part.minor = 128 + i;
    part.partition = i;
    part.unique_id = i == 3 ? one_.unique_id : one_.unique_id + i;
    gpus_.add_node(part);
  }
  card(one_, "current_compute_partition", "CPX\n");
  gpus_.process(77, SmallGpu{.node = 3}, "4096\n");
  const BackendFacts found = facts();
  ASSERT_EQ(found.devices.size(), 5u);
  EXPECT_FALSE(found.devices[0].allottable);
  EXPECT_TRUE(found.devices[0].files.empty());
  EXPECT_EQ(found.devices[2].model, "AMD Instinct MI300X CPX partition");
  EXPECT_EQ(found.devices[2].parent, 0u);
  EXPECT_EQ(found.devices[2].uid, "GPU-1a2b3c4d5e6f7081");
  EXPECT_EQ(found.devices[2].memory, gibibytes(24));
  EXPECT_EQ(found.devices[2].files, std::vector<std::string>{"/dev/dri/renderD129"});
  EXPECT_EQ(found.devices[4].uid, "AMD-0000:c1:00.0/3");  // its number is that of another
  EXPECT_EQ(found.devices[4].ordinal, 3u);
  EXPECT_EQ(found.links.at(0), (Link{0, 1, LinkKind::same_board, 0}));
  const BackendSample read = backend_->sample();
  EXPECT_EQ(read.devices[0].power, Watts{139.5});
  EXPECT_EQ(read.devices[2].power, std::nullopt);
  EXPECT_EQ(read.devices[3].processes->size(), 1u);
  EXPECT_TRUE(read.devices[2].processes->empty());
}

TEST_F(Amd, AProcessUsesAGpuIfItHoldsMemoryOrAQueueThere) {
  gpus_.add(one_);
  gpus_.add(two_);
  card(two_, "unique_id", "2\n");
  machine_.process(4242, 1007, "eve", "python3");
  gpus_.process(4242, one_, "4096\n");
  gpus_.process(4242, two_, "0\n");  // opened, as ROCm does with all
  gpus_.process(4300, two_, "0\n");
  gpus_.write("/sys/class/kfd/kfd/proc/4300/queues/0/gpuid", std::to_string(two_.gpu_id()));
  gpus_.process(4400, one_, "nonsense");
  facts();
  const BackendSample read = backend_->sample();
  EXPECT_EQ(
      *read.devices.at(0).processes,
      (std::vector<DeviceProcess>{{4242, Bytes{4096}, "eve", "python3"}, {4400, {}, "", ""}}));
  EXPECT_EQ(*read.devices.at(1).processes, (std::vector<DeviceProcess>{{4300, Bytes{0}, "", ""}}));
}

// Of many processes not each is read each time; what one takes is seen all the same, at once where
// the card says that more is in use, else in its turn.
TEST_F(Amd, AmongManyProcessesOneThatMovesToAnotherGpuIsSeen) {
  gpus_.add(one_);
  gpus_.add(two_);
  card(two_, "unique_id", "2\n");
  constexpr int many = 2000, mover = 1500;
  for (int pid = 1; pid <= many; ++pid) {
    gpus_.process(pid, one_, "524288\n");
    gpus_.process(pid, two_, "0\n");
  }
  facts();
  const auto processes = [&](std::size_t device) {
    return backend_->sample().devices.at(device).processes.value().size();
  };
  for (int i = 0; i < 8; ++i) EXPECT_EQ(processes(0), 2000u);
  EXPECT_EQ(processes(1), 0u);
  gpus_.process(mover, two_, "1073741824\n");
  card(two_, "mem_info_vram_used", std::to_string(2LL << 30) + "\n");
  EXPECT_EQ(processes(1), 1u);
  // It goes back, and another comes by so little that the card says nothing of it.
  gpus_.process(mover, two_, "0\n");
  card(two_, "mem_info_vram_used", "1073741824\n");
  EXPECT_EQ(processes(1), 0u);
  gpus_.process(mover + 1, two_, "4096\n");
  bool seen = false;
  for (int i = 0; i < 50 && !seen; ++i) seen = processes(1) == 1;
  EXPECT_TRUE(seen);
  std::filesystem::remove_all(machine_.root() + "/sys/class/kfd/kfd/proc/7");
  EXPECT_EQ(processes(0), 1999u);
}

TEST_F(Amd, WithoutTheListOfProcessesNothingIsSaidOfThem) {
  gpus_.add(one_);
  std::filesystem::remove_all(machine_.root() + "/sys/class/kfd/kfd/proc");
  EXPECT_EQ(sample().processes, std::nullopt);
}

TEST_F(Amd, AGpuThatGoesOrComesBetweenReadingsMakesTheFactsOld) {
  gpus_.add(one_);
  facts();
  EXPECT_FALSE(backend_->sample().facts_changed);
  std::filesystem::remove_all(machine_.root() + SmallGpus::node_of(one_));
  EXPECT_TRUE(backend_->sample().facts_changed);
  EXPECT_EQ(backend_->sample().devices.at(0).power, std::nullopt);
  EXPECT_TRUE(facts().devices.empty());
  gpus_.write("/sys/class/kfd/kfd/topology/generation_id", "2\n");
  EXPECT_TRUE(backend_->sample().facts_changed);
}

TEST_F(Amd, WithoutKfdThereIsNoDeviceAndANoteOnlyIfAGpuIsOnTheBus) {
  std::filesystem::remove_all(machine_.root() + "/sys/class/kfd");
  EXPECT_EQ(notes_of(facts()), "");
  card(one_, "vendor", "0x1002\n");
  card(one_, "class", "0x030000\n");
  EXPECT_TRUE(facts().devices.empty());
  EXPECT_NE(notes_of(facts()).find("0000:c1:00.0"), std::string::npos);
}

TEST_F(Amd, ATreeOfNonsenseIsReadWithoutHarm) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int world = 0; world < 30; ++world) {
    gpus_.add(one_);
    gpus_.add(two_);
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(machine_.root() + "/sys")) {
      if (!entry.is_regular_file() || random() % 3 != 0) continue;
      std::string bytes(random() % 64, '\0');
      for (char& byte : bytes) byte = static_cast<char>("0123456789 \nx\xff"[random() % 14]);
      std::ofstream(entry.path()) << bytes;
    }
    const BackendFacts found = facts();
    EXPECT_EQ(backend_->sample().devices.size(), found.devices.size());
    for (const Link& link : found.links) EXPECT_LT(link.b, found.devices.size());
  }
}

}  // namespace
}  // namespace gangline
