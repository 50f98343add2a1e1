#include "devices/cpu/read_cpus.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <filesystem>

#include "devices/cpu/memory.h"
#include "devices/small_machine.h"

namespace gangline {
namespace {

std::string hex_mask(unsigned mask) {
  std::ostringstream text;
  text << std::hex << mask << "\n";
  return text.str();
}

// Two packages, each a NUMA node of 2 cores with 2 threads: cores {0,4} {1,5} and {2,6} {3,7}.
void add_two_numa_nodes(const SmallMachine& machine) {
  const std::string system = "/sys/devices/system/";
  for (const char* list : {"online", "possible", "present"})
    machine.file(system + "cpu/" + list, "0-7\n");
  std::string cpuinfo;
  for (unsigned cpu = 0; cpu < 8; ++cpu) {
    const unsigned core = cpu % 4, package = core / 2;
    const std::string one = system + "cpu/cpu" + std::to_string(cpu) + "/";
    const std::string siblings = hex_mask(0x11U << core);
    const std::string in_package = hex_mask(package == 0 ? 0x33U : 0xccU);
    machine.file(one + "topology/physical_package_id", std::to_string(package) + "\n");
    machine.file(one + "topology/core_id", std::to_string(core % 2) + "\n");
    machine.file(one + "topology/thread_siblings", siblings);
    machine.file(one + "topology/core_cpus", siblings);
    machine.file(one + "topology/core_siblings", in_package);
    machine.file(one + "topology/package_cpus", in_package);
    const auto cache = [&](int index, const char* level, const char* type, const char* size,
                           const std::string& shared) {
      const std::string at = one + "cache/index" + std::to_string(index) + "/";
      machine.file(at + "level", level);
      machine.file(at + "type", type);
      machine.file(at + "size", size);
      machine.file(at + "shared_cpu_map", shared);
    };
    cache(0, "1\n", "Data\n", "32K\n", siblings);
    cache(1, "1\n", "Instruction\n", "32K\n", siblings);
    cache(2, "2\n", "Unified\n", "1024K\n", siblings);
    cache(3, "3\n", "Unified\n", "16384K\n", in_package);
    cpuinfo += "processor\t: " + std::to_string(cpu) + "\nvendor_id\t: GenuineIntel\n" +
               "model name\t: Fake CPU 9000\nphysical id\t: " + std::to_string(package) + "\n\n";
  }
  machine.file("/proc/cpuinfo", cpuinfo);
  machine.file("/proc/meminfo", "MemTotal:       16777216 kB\nMemFree: 1 kB\n");
  machine.file("/proc/sys/kernel/hostname", "twosocket\n");
  machine.file(system + "node/online", "0-1\n");
  machine.file(system + "node/possible", "0-1\n");
  for (unsigned node = 0; node < 2; ++node) {
    const std::string one = system + "node/node" + std::to_string(node) + "/";
    machine.file(one + "cpumap", hex_mask(node == 0 ? 0x33U : 0xccU));
    machine.file(one + "meminfo", "Node " + std::to_string(node) + " MemTotal: 8388608 kB\n");
    machine.file(one + "distance", node == 0 ? "10 20\n" : "20 10\n");
  }
}

TEST(Cpus, CoresNumaNodesCachesAndMemoryAreReadBelowTheRoot) {
  const SmallMachine machine;
  add_two_numa_nodes(machine);
  Node node;
  read_cpus(machine.root(), node);
  EXPECT_EQ(node.name, "twosocket");
  EXPECT_EQ(node.cpu_model, "Fake CPU 9000");
  EXPECT_EQ(node.cpus.text(), "0-7");
  ASSERT_EQ(node.cores.size(), 4u);
  EXPECT_EQ(node.cores[0].text(), "0,4");
  EXPECT_EQ(node.cores[3].text(), "3,7");
  ASSERT_EQ(node.numa.size(), 2u);
  EXPECT_EQ(node.numa[1], (NumaNode{1, *CpuSet::parse("2-3,6-7"), gibibytes(8)}));
  EXPECT_EQ(node.caches, (std::vector<Cache>{
                             {1, kibibytes(32), 4}, {2, mebibytes(1), 4}, {3, mebibytes(16), 2}}));
  EXPECT_EQ(node.memory, gibibytes(16));
  EXPECT_EQ(notes_of(node), "");
}

TEST(Cpus, ANodeWithoutNumaOrCacheFilesIsOneNumaNode) {
  const SmallMachine machine;
  add_two_numa_nodes(machine);
  std::filesystem::remove_all(machine.root() + "/sys/devices/system/node");
  for (int cpu = 0; cpu < 8; ++cpu)
    std::filesystem::remove_all(machine.root() + "/sys/devices/system/cpu/cpu" +
                                std::to_string(cpu) + "/cache");
  Node node;
  read_cpus(machine.root(), node);
  EXPECT_EQ(node.cpus.text(), "0-7");
  EXPECT_EQ(node.cores.size(), 4u);
  EXPECT_LE(node.numa.size(), 1u);
  EXPECT_TRUE(node.caches.empty());
}

TEST(Cpus, AnEmptyRootGivesANodeWithACpuAndSaysWhatIsUnknown) {
  const SmallMachine machine;
  Node node;
  read_cpus(machine.root(), node);
  EXPECT_FALSE(node.cpus.empty());
  EXPECT_FALSE(node.name.empty());
  EXPECT_EQ(node.memory, Bytes{0});
  EXPECT_NE(notes_of(node).find("memory size is unknown"), std::string::npos);
  EXPECT_NE(notes_of(node).find("CPUs are counted only"), std::string::npos);
}

TEST(Cpus, NumaNodesOfWhichNothingIsToldAreNoMoreThanMissingOnes) {
  const std::string nodes = "/sys/devices/system/node/";
  for (const std::vector<std::string>& files : {std::vector<std::string>{},
                                                {"online"},
                                                {"node0/distance"},
                                                {"node0/cpumap"},
                                                {"node7/meminfo"},
                                                {"nodes/cpumap"},
                                                {"node/cpumap"},
                                                {"node0"},
                                                {"node1x/cpumap"}}) {
    const SmallMachine machine;
    add_two_numa_nodes(machine);
    std::filesystem::remove_all(machine.root() + nodes);
    std::filesystem::create_directories(machine.root() + nodes);
    for (const std::string& file : files) machine.file(nodes + file, "");
    Node node;
    read_cpus(machine.root(), node);
    EXPECT_FALSE(node.cpus.empty()) << (files.empty() ? "none" : files[0]);
  }
}

TEST(Cpus, EmptyFilesAreNoMoreThanMissingOnes) {
  const SmallMachine machine;
  for (const char* path :
       {"/proc/meminfo", "/proc/cpuinfo", "/proc/self/cgroup", "/sys/devices/system/cpu/online",
        "/sys/devices/system/node/online", "/sys/devices/system/cpu/cpu0/topology/core_id"})
    machine.file(path, "");
  Node node;
  read_cpus(machine.root(), node);
  EXPECT_FALSE(node.cpus.empty());
}

TEST(Cpus, OnTheRealMachineOnlyCpusThatWeMayRunOnCount) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  int first = 0;
  while (!CPU_ISSET(static_cast<unsigned>(first), &before)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<unsigned>(first), &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  Node node;
  read_cpus("/", node);
  ::sched_setaffinity(0, sizeof before, &before);
  EXPECT_EQ(node.cpus, CpuSet::of({static_cast<std::uint32_t>(first)}));
  ASSERT_EQ(node.cores.size(), 1u);
  EXPECT_EQ(node.cores[0], node.cpus);
  EXPECT_GT(node.memory, Bytes{0});
}

TEST(Cpus, WhatTheUserTellsHwlocInTheEnvironmentDoesNotMatter) {
  const ScopedVariable synthetic("HWLOC_SYNTHETIC", "package:4 core:16 pu:2");
  Node node, plain;
  read_cpus("/", node);
  read_cpus_plainly(plain);
  EXPECT_EQ(node.cpus, plain.cpus);
  EXPECT_EQ(node.name, plain.name);
  EXPECT_STREQ(std::getenv("HWLOC_SYNTHETIC"), "package:4 core:16 pu:2");
}

TEST(Memory, TheSmallestLimitOfOurGroupAndTheGroupsAboveItCounts) {
  const SmallMachine machine;
  machine.file("/proc/self/cgroup", "0::/user/job/step\n");
  machine.file("/sys/fs/cgroup/user/job/step/memory.max", "max\n");
  machine.file("/sys/fs/cgroup/user/job/memory.max", "2147483648\n");
  machine.file("/sys/fs/cgroup/user/memory.max", "8589934592\n");
  EXPECT_EQ(group_memory_limit(machine.root()), gibibytes(2));
}

TEST(Memory, ALimitOfCgroupVersionOneCountsToo) {
  const SmallMachine machine;
  machine.file("/proc/self/cgroup", "12:cpu,cpuacct:/a\n4:memory:/a\n0::/\n");
  machine.file("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1073741824\n");
  machine.file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(group_memory_limit(machine.root()), gibibytes(1));
}

TEST(Memory, WithoutALimitThereIsNone) {
  const SmallMachine machine;
  EXPECT_EQ(group_memory_limit(machine.root()), std::nullopt);
  machine.file("/proc/self/cgroup", "4:memory:/\n0::/x\nnonsense\n::\n");
  machine.file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  machine.file("/sys/fs/cgroup/x/memory.max", "max");
  EXPECT_EQ(group_memory_limit(machine.root()), std::nullopt);
}

TEST(Memory, TheLimitBoundsTheMemoryOfTheNode) {
  const SmallMachine machine;
  add_two_numa_nodes(machine);
  machine.file("/proc/self/cgroup", "0::/small\n");
  machine.file("/sys/fs/cgroup/small/memory.max", "1073741824\n");
  Node node;
  read_cpus(machine.root(), node);
  EXPECT_EQ(node.memory, gibibytes(1));
}

}  // namespace
}  // namespace gangline
