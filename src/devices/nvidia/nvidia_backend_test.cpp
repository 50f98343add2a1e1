#include "devices/nvidia/nvidia_backend.h"

#include <gtest/gtest.h>

#include "devices/nvidia/gpu.h"
#include "devices/small_machine.h"

namespace gangline {
namespace {

BackendFacts facts_of(const Sources& sources) {
  return make_nvidia_backend(sources.root, sources.nvml_library)->facts();
}

std::optional<Link> link_of(const BackendFacts& facts, std::uint32_t a, std::uint32_t b) {
  for (const Link& link : facts.links)
    if (link.a == a && link.b == b) return link;
  return std::nullopt;
}

std::string notes_of(const BackendFacts& facts) {
  std::string notes;
  for (const std::string& note : facts.notes) notes += note + "\n";
  return notes;
}

TEST(Nvidia, EightGpusInTwoIslandsAreReadWhole) {
  const SmallMachine machine;
  machine.profile_of("eight_gpus.txt");
  const BackendFacts facts = facts_of(machine.sources());
  ASSERT_EQ(facts.devices.size(), 8u);
  EXPECT_EQ(facts.driver, "535.104.05");
  EXPECT_EQ(notes_of(facts), "");
  const Device& last = facts.devices[7];
  EXPECT_EQ(last.vendor, "nvidia");
  EXPECT_EQ(last.model, "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(last.uid, "GPU-8a5c1007-57e5-4b1f-9f0a-30c1a2b40007");
  EXPECT_EQ(last.memory, mebibytes(81559));
  EXPECT_EQ(last.pci_address, "0000:df:00.0");
  EXPECT_EQ(last.numa_node, 1u);
  EXPECT_EQ(last.files, std::vector<std::string>{"/dev/nvidia7"});
  EXPECT_EQ(last.power_limit, Watts{700});
  for (const Device& device : facts.devices) EXPECT_TRUE(device.allottable && device.present);
}

TEST(Nvidia, GpusOfOneIslandAreLinkedThroughTheirSwitchesAndIslandsAreNot) {
  const SmallMachine machine;
  machine.profile_of("eight_gpus.txt");
  const BackendFacts facts = facts_of(machine.sources());
  EXPECT_EQ(facts.links.size(), 28u);
  for (std::uint32_t a = 0; a < 8; ++a)
    for (std::uint32_t b = a + 1; b < 8; ++b) {
      const auto expected =
          a / 4 == b / 4 ? Link{a, b, LinkKind::nvlink, 18} : Link{a, b, LinkKind::system, 0};
      EXPECT_EQ(link_of(facts, a, b), expected) << a << " " << b;
    }
}

TEST(Nvidia, SlicesAreDevicesAndTheirGpuIsNotGivenAway) {
  const SmallMachine machine;
  machine.profile_of("mixed.txt");
  machine.file("/proc/driver/nvidia-caps/mig-minors",
               "config 1\nmonitor 2\ngpu3/gi1/access 30\ngpu3/gi1/ci0/access 31\n"
               "gpu3/gi5/access 66\ngpu3/gi5/ci0/access 67\ngpu0/gi1/access 3\n");
  const BackendFacts facts = facts_of(machine.sources());
  ASSERT_EQ(facts.devices.size(), 11u);
  EXPECT_FALSE(facts.devices[3].allottable);
  const Device& slice = facts.devices[5];
  EXPECT_TRUE(slice.allottable);
  EXPECT_EQ(slice.parent, 3u);
  EXPECT_EQ(slice.uid.substr(0, 4), "MIG-");
  EXPECT_EQ(slice.model, "NVIDIA H100 80GB HBM3 MIG 1g.10gb");
  EXPECT_EQ(slice.memory, mebibytes(9856));
  EXPECT_EQ(slice.pci_address, facts.devices[3].pci_address);
  EXPECT_EQ(slice.files, (std::vector<std::string>{"/dev/nvidia3", "/dev/nvidia-caps/nvidia-cap66",
                                                   "/dev/nvidia-caps/nvidia-cap67"}));
  EXPECT_EQ(facts.devices[6].files, std::vector<std::string>{"/dev/nvidia3"});
  EXPECT_EQ(facts.devices[7].uid, "GPU-8a5c1004-57e5-4b1f-9f0a-30c1a2b40004");
}

TEST(Nvidia, SlicesReachEachOtherOnTheirBoardAndOthersOverPcieOnly) {
  const SmallMachine machine;
  machine.profile_of("mixed.txt");
  const BackendFacts facts = facts_of(machine.sources());
  EXPECT_EQ(link_of(facts, 4, 6), (Link{4, 6, LinkKind::same_board, 0}));
  EXPECT_EQ(link_of(facts, 3, 4), (Link{3, 4, LinkKind::same_board, 0}));
  EXPECT_EQ(link_of(facts, 0, 4), (Link{0, 4, LinkKind::numa, 0}));
  EXPECT_EQ(link_of(facts, 2, 4), (Link{2, 4, LinkKind::pcie_switch, 0}));
  EXPECT_EQ(link_of(facts, 0, 2), (Link{0, 2, LinkKind::nvlink, 18}));
  EXPECT_EQ(link_of(facts, 7, 10), (Link{7, 10, LinkKind::nvlink, 18}));
}

TEST(Nvidia, TheOldNameOfASliceTellsItsNumbersWhereNvmlDoesNot) {
  const SmallMachine machine;
  machine.file("/proc/driver/nvidia-caps/mig-minors",
               "gpu0/gi7/access 12\ngpu0/gi7/ci1/access 13\n");
  machine.profile(
      "gpu 0\n pci 00000000:01:00.0\n mig 4\n  gi 7\n  ci 1\n  memory_mib 4864\n"
      "  uuid MIG-GPU-aaaaaaaa-0000-0000-0000-000000000000/7/1\n");
  const BackendFacts facts = facts_of(machine.sources());
  ASSERT_EQ(facts.devices.size(), 2u);
  EXPECT_EQ(facts.devices[1].uid, "MIG-GPU-aaaaaaaa-0000-0000-0000-000000000000/7/1");
  EXPECT_EQ(facts.devices[1].model, "NVIDIA Fake MIG slice");
  EXPECT_EQ(facts.devices[1].files.size(), 3u);
}

TEST(Nvidia, AGpuWithMigOnButNotCutCannotBeGivenAwayAndANoteSaysSo) {
  const SmallMachine machine;
  machine.profile("gpu 0\n pci 00000000:01:00.0\n mig on\n");
  const BackendFacts facts = facts_of(machine.sources());
  ASSERT_EQ(facts.devices.size(), 1u);
  EXPECT_FALSE(facts.devices[0].allottable);
  EXPECT_NE(notes_of(facts).find("no slice"), std::string::npos);
}

TEST(Nvidia, StraightLinksAndALargePciDomainAreRead) {
  const SmallMachine machine;
  machine.profile_of("two_desktops.txt");
  const BackendFacts facts = facts_of(machine.sources());
  ASSERT_EQ(facts.devices.size(), 2u);
  EXPECT_EQ(facts.devices[0].pci_address, "0001:0a:00.0");
  EXPECT_EQ(facts.devices[0].files, std::vector<std::string>{"/dev/nvidia1"});
  EXPECT_EQ(link_of(facts, 0, 1), (Link{0, 1, LinkKind::nvlink, 3}));
  nvml::PciAddress wide{};
  wide.domain = 0x10000;
  wide.bus = 0xc1;
  EXPECT_EQ(nvml::address_of(wide), "10000:c1:00.0");
}

TEST(Nvidia, TheKernelKnowsTheNumaNodeBetterThanTheLibrary) {
  const SmallMachine machine;
  machine.profile(
      "gpu 0\n pci 00000000:01:00.0\n numa 1\ngpu 1\n pci 00000000:02:00.0\n numa 1\n"
      "gpu 2\n pci 00000000:03:00.0\n unsupported numa\n");
  machine.file("/sys/bus/pci/devices/0000:01:00.0/numa_node", "3\n");
  machine.file("/sys/bus/pci/devices/0000:02:00.0/numa_node", "-1\n");
  const BackendFacts facts = facts_of(machine.sources());
  ASSERT_EQ(facts.devices.size(), 3u);
  EXPECT_EQ(facts.devices[0].numa_node, 3u);
  EXPECT_EQ(facts.devices[1].numa_node, 1u);
  EXPECT_EQ(facts.devices[2].numa_node, std::nullopt);
}

TEST(Nvidia, AReadingThatADeviceCannotGiveIsEmptyAndNeverZero) {
  const SmallMachine machine;
  machine.profile_of("two_desktops.txt");
  const auto backend = make_nvidia_backend(machine.root(), machine.sources().nvml_library);
  ASSERT_EQ(backend->facts().devices.size(), 2u);
  const BackendSample sample = backend->sample();
  ASSERT_EQ(sample.devices.size(), 2u);
  EXPECT_EQ(sample.devices[0].busy_percent, 3);
  EXPECT_EQ(sample.devices[0].power, Watts{31});
  EXPECT_EQ(sample.devices[0].temperature_celsius, 41);
  EXPECT_EQ(sample.devices[0].memory_used, mebibytes(700));
  EXPECT_EQ(sample.devices[0].energy, std::nullopt);
  EXPECT_EQ(sample.devices[1].busy_percent, std::nullopt);
  EXPECT_EQ(sample.devices[1].power, std::nullopt);
  EXPECT_EQ(sample.devices[1].temperature_celsius, std::nullopt);
  ASSERT_TRUE(sample.devices[1].processes.has_value());
  EXPECT_TRUE(sample.devices[1].processes->empty());
  EXPECT_FALSE(sample.facts_changed);
}

TEST(Nvidia, AForeignProcessIsNamedWithItsOwner) {
  const SmallMachine machine;
  machine.profile_of("mixed.txt");
  machine.process(4242, 1007, "eve", "python3");
  const auto backend = make_nvidia_backend(machine.root(), machine.sources().nvml_library);
  ASSERT_EQ(backend->facts().devices.size(), 11u);
  const BackendSample sample = backend->sample();
  const DeviceSample& busy = sample.devices[8];  // GPU 5: three slices stand before it
  ASSERT_TRUE(busy.processes.has_value());
  ASSERT_EQ(busy.processes->size(), 1u);
  EXPECT_EQ(busy.processes->front(), (DeviceProcess{4242, gibibytes(20), "eve", "python3"}));
  EXPECT_EQ(busy.busy_percent, 97);
  EXPECT_EQ(sample.devices[3].busy_percent, std::nullopt);  // MIG has no utilisation
}

TEST(Nvidia, AProcessThatCannotBeLookedUpIsStillThere) {
  const SmallMachine machine;
  machine.profile("gpu 0\n pci 00000000:01:00.0\n process 77 -\n mps 78 5\n mps 77 5\n");
  machine.file("/proc/78/status", "Name:\tx\nUid:\t4000\t0\t0\t0\n");
  const auto backend = make_nvidia_backend(machine.root(), machine.sources().nvml_library);
  static_cast<void>(backend->facts());
  const auto processes = backend->sample().devices.at(0).processes;
  ASSERT_TRUE(processes.has_value());
  EXPECT_EQ(*processes, (std::vector<DeviceProcess>{{77, std::nullopt, "", ""},
                                                    {78, mebibytes(5), "4000", ""}}));
}

std::vector<DeviceProcess> processes_with(const std::string& first_line, const char* variant = "") {
  const SmallMachine machine;
  std::string profile = first_line + "\ngpu 0\n pci 00000000:01:00.0\n";
  for (int i = 0; i < 200; ++i) profile += " process " + std::to_string(1000 + i) + " 3\n";
  machine.profile(profile);
  const Sources sources = machine.sources(variant);
  const auto backend = make_nvidia_backend(sources.root, sources.nvml_library);
  static_cast<void>(backend->facts());
  return backend->sample().devices.at(0).processes.value_or(std::vector<DeviceProcess>());
}

TEST(Nvidia, EachFormOfTheProcessListIsRead) {
  const auto expect_all = [](const std::vector<DeviceProcess>& processes) {
    ASSERT_EQ(processes.size(), 200u);
    for (std::size_t i = 0; i < 200; ++i)
      EXPECT_EQ(processes[i],
                (DeviceProcess{1000 + static_cast<std::int64_t>(i), mebibytes(3), "", ""}));
  };
  expect_all(processes_with("process_stride 24"));
  expect_all(processes_with("process_stride 32"));
  expect_all(processes_with("detail_list"));
  expect_all(processes_with("", "old/"));
}

TEST(Nvidia, OneEntryOf32BytesIsToldFromOneOf24) {
  const SmallMachine machine;
  machine.profile("process_stride 32\ngpu 0\n pci 00000000:01:00.0\n process 5 1\n process 6 2\n");
  const auto backend = make_nvidia_backend(machine.root(), machine.sources().nvml_library);
  static_cast<void>(backend->facts());
  const auto two = backend->sample().devices.at(0).processes;
  ASSERT_TRUE(two.has_value());
  EXPECT_EQ(*two,
            (std::vector<DeviceProcess>{{5, mebibytes(1), "", ""}, {6, mebibytes(2), "", ""}}));
}

TEST(Nvidia, AnOldLibraryGivesWhatItHas) {
  const SmallMachine machine;
  machine.profile_of("eight_gpus.txt");
  const Sources sources = machine.sources("old/");
  const auto backend = make_nvidia_backend(sources.root, sources.nvml_library);
  const BackendFacts facts = backend->facts();
  ASSERT_EQ(facts.devices.size(), 8u);
  EXPECT_EQ(facts.devices[0].pci_address, "0000:1b:00.0");
  EXPECT_EQ(facts.devices[0].memory, mebibytes(81559));
  EXPECT_EQ(link_of(facts, 0, 3), (Link{0, 3, LinkKind::nvlink, 18}));
  EXPECT_EQ(link_of(facts, 0, 4), (Link{0, 4, LinkKind::system, 0}));
  const BackendSample sample = backend->sample();
  EXPECT_EQ(sample.devices[0].temperature_celsius, 34);
  EXPECT_EQ(sample.devices[0].memory_used,
            mebibytes(551));  // the first call counts the driver's own
  EXPECT_EQ(sample.devices[0].energy, std::nullopt);
}

TEST(Nvidia, ALibraryWithHardlyAnySymbolGivesUuidsAlone) {
  const SmallMachine machine;
  machine.profile_of("eight_gpus.txt");
  const Sources sources = machine.sources("least/");
  const auto backend = make_nvidia_backend(sources.root, sources.nvml_library);
  const BackendFacts facts = backend->facts();
  ASSERT_EQ(facts.devices.size(), 8u);
  EXPECT_EQ(facts.devices[2].uid, "GPU-8a5c1002-57e5-4b1f-9f0a-30c1a2b40002");
  EXPECT_EQ(facts.devices[2].memory, Bytes{0});
  EXPECT_TRUE(facts.devices[2].files.empty());
  const BackendSample sample = backend->sample();
  ASSERT_EQ(sample.devices.size(), 8u);
  EXPECT_EQ(sample.devices[2].memory_used, std::nullopt);
  EXPECT_EQ(sample.devices[2].processes, std::nullopt);
}

TEST(Nvidia, NoLibraryIsNoTrouble) {
  const SmallMachine machine;
  for (const char* path : {"/nonexistent/libnvidia-ml.so.1", "libno-such-thing.so.9", ""}) {
    const BackendFacts facts = facts_of({machine.root(), path});
    EXPECT_TRUE(facts.devices.empty());
    EXPECT_EQ(notes_of(facts), "") << path;
  }
}

TEST(Nvidia, AGpuOnTheBusWithoutADriverIsTold) {
  const SmallMachine machine;
  machine.file("/sys/bus/pci/devices/0000:00:02.0/vendor", "0x8086\n");
  machine.file("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n");
  machine.file("/sys/bus/pci/devices/0000:01:00.0/class", "0x030200\n");
  const BackendFacts facts = facts_of({machine.root(), "/nonexistent/libnvidia-ml.so.1"});
  EXPECT_NE(notes_of(facts).find("its driver is not installed"), std::string::npos);
}

TEST(Nvidia, AFileThatIsNoNvmlIsTold) {
  const SmallMachine machine;
  machine.file("/lib/text.so", "not a library");
  EXPECT_NE(notes_of(facts_of({machine.root(), machine.root() + "/lib/text.so"})), "");
  EXPECT_NE(notes_of(facts_of({machine.root(), "libm.so.6"})).find("no NVML"), std::string::npos);
}

TEST(Nvidia, ADriverThatIsNotLoadedIsToldAndTriedAgain) {
  const SmallMachine machine;
  machine.profile("init_error 9\n" + SmallMachine::text_of("eight_gpus.txt"));
  const auto backend = make_nvidia_backend(machine.root(), machine.sources().nvml_library);
  const BackendFacts facts = backend->facts();
  EXPECT_TRUE(facts.devices.empty());
  EXPECT_NE(notes_of(facts).find("driver is not loaded"), std::string::npos);
  EXPECT_TRUE(backend->sample().devices.empty());
  machine.profile_of("eight_gpus.txt");
  EXPECT_EQ(backend->facts().devices.size(), 8u);
}

TEST(Nvidia, ADriverWithoutAGpuIsNoTrouble) {
  const SmallMachine machine;
  machine.profile_of("none.txt");
  const BackendFacts facts = facts_of(machine.sources());
  EXPECT_TRUE(facts.devices.empty());
  EXPECT_EQ(notes_of(facts), "");
}

TEST(Nvidia, ALostGpuIsNoLongerPresentAndKeepsItsName) {
  const SmallMachine machine;
  const std::string whole = SmallMachine::text_of("eight_gpus.txt");
  machine.profile(whole);
  const auto backend = make_nvidia_backend(machine.root(), machine.sources().nvml_library);
  ASSERT_EQ(backend->facts().devices.size(), 8u);
  EXPECT_FALSE(backend->sample().facts_changed);
  machine.profile(whole + "  lost\n");  // the last of the file is GPU 7
  const BackendSample sample = backend->sample();
  EXPECT_TRUE(sample.facts_changed);
  EXPECT_EQ(sample.devices[7].power, std::nullopt);
  const BackendFacts facts = backend->facts();
  ASSERT_EQ(facts.devices.size(), 8u);
  EXPECT_FALSE(facts.devices[7].present);
  EXPECT_EQ(facts.devices[7].uid, "GPU-8a5c1007-57e5-4b1f-9f0a-30c1a2b40007");
  EXPECT_TRUE(facts.devices[6].present);
  EXPECT_NE(notes_of(facts).find("is lost"), std::string::npos);
  EXPECT_FALSE(backend->sample().facts_changed);
}

TEST(Nvidia, AGpuLostBeforeWeCameIsToldByItsNumber) {
  const SmallMachine machine;
  machine.profile(SmallMachine::text_of("eight_gpus.txt") + "  lost\n");
  const BackendFacts facts = facts_of(machine.sources());
  EXPECT_EQ(facts.devices.size(), 7u);
  EXPECT_NE(notes_of(facts).find("GPU 7 does not answer"), std::string::npos);
}

TEST(Nvidia, CuttingAGpuWhileWeRunIsSeen) {
  const SmallMachine machine;
  const std::string whole = "gpu 0\n pci 00000000:01:00.0\n";
  machine.profile(whole);
  const auto backend = make_nvidia_backend(machine.root(), machine.sources().nvml_library);
  ASSERT_EQ(backend->facts().devices.size(), 1u);
  machine.profile(whole + " mig 0\n  uuid MIG-1\n  memory_mib 10\n mig 1\n  uuid MIG-2\n");
  EXPECT_TRUE(backend->sample().facts_changed);
  ASSERT_EQ(backend->facts().devices.size(), 3u);
  EXPECT_FALSE(backend->sample().facts_changed);
  machine.profile(whole + " mig 0\n  uuid MIG-3\n  memory_mib 10\n mig 1\n  uuid MIG-2\n");
  EXPECT_TRUE(backend->sample().facts_changed);
}

TEST(Nvidia, GpusOfOthersAreCountedInANoteOnly) {
  const SmallMachine machine;
  machine.profile("gpu 0\n pci 00000000:01:00.0\n forbidden\ngpu 1\n pci 00000000:02:00.0\n");
  const BackendFacts facts = facts_of(machine.sources());
  EXPECT_EQ(facts.devices.size(), 1u);
  EXPECT_EQ(notes_of(facts), "1 of 2 NVIDIA GPUs may not be opened by this user\n");
}

TEST(Nvidia, EnergyGrowsWithPower) {
  const SmallMachine machine;
  machine.profile("gpu 0\n pci 00000000:01:00.0\n watts 1000000\n energy_joules 500\n");
  const auto backend = make_nvidia_backend(machine.root(), machine.sources().nvml_library);
  static_cast<void>(backend->facts());
  const auto first = backend->sample().devices.at(0).energy;
  ASSERT_TRUE(first.has_value());
  EXPECT_GE(*first, Joules{500});
  for (int i = 0; i < 1'000'000; ++i)
    if (backend->sample().devices.at(0).energy > first) return;
  FAIL() << "the counter stands still";
}

}  // namespace
}  // namespace gangline
