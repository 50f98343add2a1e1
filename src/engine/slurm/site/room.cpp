#include "engine/slurm/site/room.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "engine/slurm/fidelity.h"

namespace gangline {
namespace {

/// What scontrol says of a node whose memory nobody has told Slurm.
constexpr Bytes no_memory_told = mebibytes(1);

bool tells_memory(const Node& node) { return node.memory > no_memory_told; }

/// What Slurm is not asked for, a job need not have.
std::uint32_t gpus_asked(const TaskRequest& task, const SlurmSite& site) {
  return task.devices && !gres_for(*task.devices, site).empty() ? task.devices->count : 0;
}

std::uint64_t most_tasks_on(const Node& node, const TaskRequest& task, std::uint32_t gpus) {
  std::uint64_t most = cpus_of(node).whole() / std::max(task.cpus.whole(), 1u);
  if (task.memory.n > 0 && tells_memory(node))
    most = std::min(most, static_cast<std::uint64_t>(node.memory.n / task.memory.n));
  if (gpus > 0) most = std::min<std::uint64_t>(most, node.devices.size() / gpus);
  return most;
}

NoRoom more_than(const char* field, const std::string& queue, const std::string& asked,
                 const std::string& most) {
  return {field,
          "a task asks for " + asked + ", and no node of " + queue + " has more than " + most};
}

NoRoom too_much_for_one(const std::vector<const Node*>& nodes, const std::string& queue,
                        const TaskRequest& task, std::uint32_t gpus) {
  std::uint32_t most_cpus = 0;
  Bytes most_memory{0};
  std::size_t most_gpus = 0;
  bool told = true;
  for (const Node* node : nodes) {
    most_cpus = std::max(most_cpus, cpus_of(*node).whole());
    most_memory = std::max(most_memory, node->memory);
    most_gpus = std::max(most_gpus, node->devices.size());
    told = told && tells_memory(*node);
  }
  if (task.cpus.whole() > most_cpus)
    return more_than("cpus", queue, std::to_string(task.cpus.whole()), std::to_string(most_cpus));
  if (told && task.memory > most_memory)
    return more_than("memory", queue, format(task.memory), format(most_memory));
  if (gpus > most_gpus)
    return more_than("gpus", queue, std::to_string(gpus), std::to_string(most_gpus));
  return {"tasks", "no node of " + queue + " has all that one task asks for together"};
}

}  // namespace

std::optional<NoRoom> never_has_room(const JobSpec& spec, std::uint32_t alternative,
                                     const SlurmSite& site, const std::vector<Node>& nodes) {
  const SlurmPartition* partition = site.partition_for(spec.queue);
  const auto named = partition ? expand_slurm_nodes(partition->nodes) : std::nullopt;
  if (!named) return std::nullopt;
  const std::set<std::string> names(named->begin(), named->end());
  const TaskRequest& task = spec.resources.alternatives[alternative];
  const std::uint32_t gpus = gpus_asked(task, site);
  std::vector<const Node*> of_queue;
  std::uint64_t most = 0;
  for (const Node& node : nodes) {
    if (!names.contains(node.name) || site.bars(node.name)) continue;
    of_queue.push_back(&node);
    most += most_tasks_on(node, task, gpus);
  }
  if (most >= spec.resources.tasks) return std::nullopt;
  const std::string queue =
      "its queue" +
      (site.barred.empty() ? "" : " with the constraint " + printable(site.usual.constraint));
  if (most == 0) return too_much_for_one(of_queue, queue, task, gpus);
  return NoRoom{"tasks", "all nodes of " + queue + " have room for " + std::to_string(most) +
                             (most == 1 ? " such task, not " : " such tasks, not ") +
                             std::to_string(spec.resources.tasks)};
}

}  // namespace gangline
