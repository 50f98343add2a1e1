#include "devices/cpu/topology_files.h"

#include "base/text.h"
#include "devices/cpu/read_cpus.h"
#include "devices/sysfs/read.h"
#include "devices/sysfs/witness.h"

namespace gangline {
namespace {

// As hwloc 2.9 was seen to read them (topology-linux.c).
constexpr const char* whole_files[] = {
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/mounts",
    "/proc/self/cgroup",
    "/proc/self/cpuset",
    "/sys/devices/system/cpu/online",
    "/sys/devices/system/cpu/possible",
    "/sys/devices/system/cpu/present",
    "/sys/devices/system/node/online",
    "/sys/devices/system/node/possible",
    "/sys/devices/cpu_core/cpus",
    "/sys/devices/cpu_atom/cpus",
};
constexpr const char* files_of_cpu[] = {
    "/online",
    "/cpu_capacity",
    "/cpufreq/base_frequency",
    "/cpufreq/cpuinfo_max_freq",
    "/acpi_cppc/nominal_freq",
    "/topology/physical_package_id",
    "/topology/package_cpus",
    "/topology/core_siblings",
    "/topology/die_id",
    "/topology/die_cpus",
    "/topology/cluster_id",
    "/topology/cluster_cpus",
    "/topology/core_id",
    "/topology/core_cpus",
    "/topology/thread_siblings",
    "/topology/book_siblings",
    "/topology/drawer_siblings",
};
constexpr const char* files_of_cache[] = {
    "/level",
    "/type",
    "/size",
    "/id",
    "/shared_cpu_map",
    "/coherency_line_size",
    "/physical_line_partition",
    "/number_of_sets",
};
constexpr const char* files_of_node[] = {"/cpumap", "/cpulist", "/meminfo", "/distance"};
constexpr const char* files_of_group[] = {
    "cpuset.cpus.effective", "cpuset.mems.effective", "cpuset.cpus",       "cpuset.mems",
    "cpuset.effective_cpus", "cpuset.effective_mems", "cgroup.controllers"};
constexpr std::size_t most_bytes = 1 << 20;

void see(const std::string& path) { static_cast<void>(see_file(path, most_bytes)); }

void see_affinity(const std::string& root) {
  Witness* witness = present_witness();
  const auto cpus = root.empty() ? affinity() : std::nullopt;
  if (witness == nullptr || !cpus) return see(root + affinity_file);
  const std::string content = cpus->text() + "\n";
  witness->looks(SightKind::file, affinity_file);
  witness->saw({SightKind::file, affinity_file, 0, false, content, Span{0}});
}

void see_groups(const std::string& root) {
  const auto told = see_file(root + "/proc/self/cgroup", most_bytes);
  if (!told) return;
  const std::string mount = root + "/sys/fs/cgroup";
  for (const std::string_view line : split(*told, '\n')) {
    const std::size_t path = line.find('/');
    if (path == std::string_view::npos) continue;
    std::string group(line.substr(path));
    if (!group.ends_with('/')) group += '/';
    for (const char* file : files_of_group) {
      see(mount + group + file);
      if (!line.starts_with("0:")) see(mount + "/cpuset" + group + file);
    }
  }
}

}  // namespace

void see_topology_files(const std::string& root) {
  for (const char* file : whole_files) see(root + file);
  see_affinity(root);
  see_groups(root);
  const std::string cpus = root + "/sys/devices/system/cpu";
  for (const std::uint32_t n : numbered_in(cpus, "cpu")) {
    const std::string cpu = cpus + "/cpu" + std::to_string(n);
    for (const char* file : files_of_cpu) see(cpu + file);
    for (const std::uint32_t index : numbered_in(cpu + "/cache", "index"))
      for (const char* file : files_of_cache)
        see(cpu + "/cache/index" + std::to_string(index) + file);
  }
  const std::string nodes = root + "/sys/devices/system/node";
  for (const std::uint32_t n : numbered_in(nodes, "node"))
    for (const char* file : files_of_node) see(nodes + "/node" + std::to_string(n) + file);
}

}  // namespace gangline
