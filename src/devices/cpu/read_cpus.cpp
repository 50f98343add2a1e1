#include "devices/cpu/read_cpus.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "base/text.h"
#include "devices/cpu/memory.h"
#include "devices/cpu/topology.h"
#include "devices/sysfs/see.h"

namespace gangline {
namespace {

constexpr std::size_t most_bytes = 64 << 10;

CpuSet cpus_of(hwloc_const_bitmap_t bitmap) {
  CpuSet cpus;
  if (bitmap == nullptr) return cpus;
  for (int cpu = hwloc_bitmap_next(bitmap, -1);
       cpu >= 0 && static_cast<std::uint32_t>(cpu) < CpuSet::most_cpus;
       cpu = hwloc_bitmap_next(bitmap, cpu))
    cpus.add(static_cast<std::uint32_t>(cpu));
  return cpus;
}

std::optional<CpuSet> affinity_told(const std::string& root) {
  const auto told = see_file(root + affinity_file, most_bytes);
  return told ? CpuSet::parse(trim(*told)) : std::nullopt;
}

Bytes bytes_of(std::uint64_t n) {
  return {static_cast<std::int64_t>(std::min(n, std::uint64_t{1} << 62))};
}

void read_cores(hwloc_topology_t topology, Node& node) {
  for (hwloc_obj_t core = nullptr;
       (core = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_CORE, core)) != nullptr;) {
    CpuSet cpus = cpus_of(core->cpuset) & node.cpus;
    if (!cpus.empty()) node.cores.push_back(std::move(cpus));
  }
}

// A NUMA node without a CPU of ours is left out: nothing of ours can be near to it.
void read_numa(hwloc_topology_t topology, Node& node) {
  for (hwloc_obj_t numa = nullptr;
       (numa = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, numa)) != nullptr;) {
    CpuSet cpus = cpus_of(numa->cpuset) & node.cpus;
    if (cpus.empty()) continue;
    const std::uint32_t n = numa->os_index == HWLOC_UNKNOWN_INDEX ? 0 : numa->os_index;
    node.numa.push_back({n, std::move(cpus), bytes_of(numa->attr->numanode.local_memory)});
  }
}

void read_caches(hwloc_topology_t topology, Node& node) {
  std::map<std::pair<std::uint32_t, Bytes>, std::uint32_t> counts;
  for (const hwloc_obj_type_t type : {HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE,
                                      HWLOC_OBJ_L4CACHE, HWLOC_OBJ_L5CACHE}) {
    for (hwloc_obj_t cache = nullptr;
         (cache = hwloc_get_next_obj_by_type(topology, type, cache)) != nullptr;)
      if (!(cpus_of(cache->cpuset) & node.cpus).empty())
        ++counts[{cache->attr->cache.depth, bytes_of(cache->attr->cache.size)}];
  }
  for (const auto& [cache, count] : counts)
    node.caches.push_back({cache.first, cache.second, count});
}

std::string model_of(hwloc_topology_t topology) {
  for (const hwloc_obj_type_t type : {HWLOC_OBJ_PACKAGE, HWLOC_OBJ_MACHINE}) {
    const hwloc_obj_t object = hwloc_get_obj_by_type(topology, type, 0);
    const char* model =
        object == nullptr ? nullptr : hwloc_obj_get_info_by_name(object, "CPUModel");
    if (model != nullptr) return std::string(trim(model));
  }
  return {};
}

std::string host_name(const std::string& root) {
  if (root != "/") {
    const auto name = see_file(root + "/proc/sys/kernel/hostname", 4096);
    if (name && !trim(*name).empty()) return std::string(trim(*name));
  }
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

void read_memory(const std::string& root, Node& node) {
  const auto total = total_memory(root);
  if (!total) node.notes.push_back("the memory size is unknown: cannot read /proc/meminfo");
  const auto limit = group_memory_limit(root);
  node.memory = total.value_or(Bytes{0});
  if (limit && (!total || *limit < *total)) node.memory = *limit;
}

}  // namespace

std::optional<CpuSet> affinity() {
  cpu_set_t* mask = CPU_ALLOC(CpuSet::most_cpus);
  if (mask == nullptr) return std::nullopt;
  const std::size_t size = CPU_ALLOC_SIZE(CpuSet::most_cpus);
  std::optional<CpuSet> cpus;
  if (::sched_getaffinity(0, size, mask) == 0) {
    cpus.emplace();
    for (std::uint32_t cpu = 0; cpu < CpuSet::most_cpus; ++cpu)
      if (CPU_ISSET_S(cpu, size, mask)) cpus->add(cpu);
  }
  CPU_FREE(mask);
  return cpus;
}

void read_cpus_plainly(Node& node) {
  node.name = host_name("/");
  const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
  node.cpus = affinity().value_or(
      CpuSet::first(static_cast<std::uint32_t>(std::clamp(online, 1L, long{CpuSet::most_cpus}))));
  read_memory("/", node);
}

void read_cpus(const std::string& root, Node& node) {
  const Topology topology = load_topology(root);
  const auto allowed = root == "/" ? affinity() : affinity_told(root);
  if (topology) node.cpus = cpus_of(hwloc_topology_get_allowed_cpuset(topology.get()));
  if (allowed) node.cpus = node.cpus & *allowed;
  if (!topology || node.cpus.empty()) {
    read_cpus_plainly(node);
    node.notes.push_back("cores, NUMA nodes and caches are unknown: hwloc could not read them");
    return;
  }
  node.name = host_name(root);
  read_memory(root, node);
  read_cores(topology.get(), node);
  read_numa(topology.get(), node);
  read_caches(topology.get(), node);
  node.cpu_model = model_of(topology.get());
  if (!see_directory(root + "/sys/devices/system/cpu"))
    node.notes.push_back("CPUs are counted only: cannot read /sys/devices/system/cpu");
}

}  // namespace gangline
