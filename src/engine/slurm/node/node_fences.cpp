#include "engine/slurm/node/node_fences.h"

#include <sched.h>
#include <unistd.h>

#include <optional>

#include "base/text.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::uint64_t no_limit = std::uint64_t{1} << 60;  // v1 says a number near 2^63 for none
constexpr std::size_t most_levels = 32;

/// The group of this process under one controller, where Slurm made it.
struct GroupHere {
  bool second = false;              // of version 2
  std::vector<std::string> levels;  // directories from its own up to that of its job
};

/// "/a/slurm_n1/uid_1/job_7/step_0/task_1" to the directories from that up to …/job_7.
std::vector<std::string> levels_of(const std::string& mount, std::string path) {
  std::vector<std::string> levels;
  if (path.find("slurm") == std::string::npos || path.find("/job_") == std::string::npos)
    return levels;
  while (levels.size() < most_levels && path.find("/job_") != std::string::npos) {
    levels.push_back(mount + path);
    path.resize(path.rfind('/'));
  }
  return levels;
}

std::optional<GroupHere> group_here(const std::string& root, std::string_view controller) {
  const auto text = read_file(root + "proc/self/cgroup");
  if (!text) return std::nullopt;
  std::optional<GroupHere> unified;
  for (const std::string_view line : split(*text, '\n')) {
    const auto parts = split(line, ':');
    if (parts.size() != 3) continue;
    const std::string path(parts[2]);
    if (parts[1].empty()) {
      auto levels = levels_of(root + "sys/fs/cgroup", path);
      if (!levels.empty()) unified = GroupHere{true, std::move(levels)};
    }
    for (const std::string_view name : split(parts[1], ','))
      if (name == controller) {
        auto levels = levels_of(root + "sys/fs/cgroup/" + std::string(parts[1]), path);
        if (!levels.empty()) return GroupHere{false, std::move(levels)};
      }
  }
  return unified;
}

std::string version_of(const GroupHere& group) { return group.second ? " (v2)" : " (v1)"; }

bool is_bound() {
  cpu_set_t cpus;
  if (::sched_getaffinity(0, sizeof cpus, &cpus) != 0) return false;
  return CPU_COUNT(&cpus) < ::sysconf(_SC_NPROCESSORS_ONLN);
}

Fence cpu_fence(const std::string& root) {
  const auto group = group_here(root, "cpuset");
  bool holds = group && !group->second;  // Slurm makes a group of version 1 only to hold it
  if (group && group->second)
    for (const std::string& level : group->levels) {
      const auto cpus = read_file(level + "/cpuset.cpus");
      holds = holds || (cpus && !trim(*cpus).empty());
    }
  if (holds) return {"cpus", true, "bound by Slurm's control group" + version_of(*group)};
  return {"cpus", false,
          is_bound() ? "bound by Slurm; a program can undo it"
                     : "not bound; Slurm does not hold CPUs apart here"};
}

Fence memory_fence(const std::string& root) {
  const auto group = group_here(root, "memory");
  if (group)
    for (const std::string& level : group->levels) {
      const auto text =
          read_file(level + (group->second ? "/memory.max" : "/memory.limit_in_bytes"));
      const auto limit = text ? parse_number(trim(*text)) : std::nullopt;
      if (limit && *limit < no_limit)
        return {"memory", true, "limited by Slurm's control group" + version_of(*group)};
    }
  return {"memory", false, "counted by Slurm, not limited by the kernel"};
}

/// Slurm numbers devices anew, from 0, only where it closes the others.
bool are_numbered_anew(const SlurmVariables& variables, const std::string& vendor) {
  const std::string& numbers = variable_of(variables, "SLURM_JOB_GPUS");
  const auto visible = visible_devices(variables, vendor);
  if (numbers.empty() || visible.empty()) return false;
  std::string named;
  for (const std::string& one : visible) named += (named.empty() ? "" : ",") + one;
  return named != numbers && parse_number(visible.front()) == std::uint64_t{0};
}

Fence device_fence(const std::string& root, const std::string& vendor,
                   const SlurmVariables& variables) {
  const auto group = group_here(root, "devices");
  if (group && !group->second) return {"devices", true, "closed by Slurm's control group (v1)"};
  if (group && are_numbered_anew(variables, vendor))
    return {"devices", true, "closed by Slurm's control group (v2)"};
  if (group)
    return {"devices", false,
            "*_VISIBLE_DEVICES; whether Slurm's control group (v2) closes others cannot be seen"};
  return {"devices", false, "*_VISIBLE_DEVICES only; a program can ignore it"};
}

}  // namespace

std::vector<Fence> slurm_fences(const TaskRequest& task, const SlurmVariables& variables,
                                const std::string& root) {
  std::vector<Fence> fences{cpu_fence(root)};
  const Fence memory = memory_fence(root);
  if (memory.holds || task.memory.n > 0) fences.push_back(memory);
  if (task.devices) fences.push_back(device_fence(root, task.devices->vendor, variables));
  return fences;
}

std::uint64_t kills_for_memory(const std::string& root) {
  const auto group = group_here(root, "memory");
  if (!group) return 0;
  const auto text =
      read_file(group->levels.front() + (group->second ? "/memory.events" : "/memory.oom_control"));
  if (!text) return 0;
  for (const std::string_view line : split(*text, '\n'))
    if (line.starts_with("oom_kill ")) return parse_number(line.substr(9)).value_or(0);
  return 0;
}

}  // namespace gangline
