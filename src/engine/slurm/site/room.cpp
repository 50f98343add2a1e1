#include "engine/slurm/site/room.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace gangline {
namespace {

/// What scontrol says of a node whose memory nobody has told Slurm.
constexpr Bytes no_memory_told = mebibytes(1);

std::uint64_t most_tasks_on(const Node& node, const TaskRequest& task) {
  std::uint64_t most = cpus_of(node).whole() / std::max(task.cpus.whole(), 1u);
  if (task.memory.n > 0 && node.memory > no_memory_told)
    most = std::min(most, static_cast<std::uint64_t>(node.memory.n / task.memory.n));
  if (task.devices && task.devices->kind == DeviceKind::gpu && task.devices->count > 0)
    most = std::min<std::uint64_t>(most, node.devices.size() / task.devices->count);
  return most;
}

}  // namespace

std::string never_has_room(const JobSpec& spec, std::uint32_t alternative, const SlurmSite& site,
                           const std::vector<Node>& nodes) {
  const SlurmPartition* partition = site.partition_for(spec.queue);
  const auto named = partition ? expand_slurm_nodes(partition->nodes) : std::nullopt;
  if (!named) return {};
  const std::set<std::string> of_queue(named->begin(), named->end());
  std::uint64_t most = 0;
  for (const Node& node : nodes)
    if (of_queue.contains(node.name) && !site.bars(node.name))
      most += most_tasks_on(node, spec.resources.alternatives[alternative]);
  if (most >= spec.resources.tasks) return {};
  const std::string queue =
      "its queue" +
      (site.barred.empty() ? "" : " with the constraint " + printable(site.usual.constraint));
  if (most == 0) return "no node of " + queue + " has what one task asks for";
  return "all nodes of " + queue + " have room for " + std::to_string(most) + " such tasks, not " +
         std::to_string(spec.resources.tasks);
}

}  // namespace gangline
