#include "schedule/rate/expected_use.h"

#include <algorithm>
#include <map>

#include "schedule/rate/fragmentation.h"

namespace gangline {
namespace {

/// u(left) = sum of w(t) * (share(t) + u(left - share(t))) / sum of w(t), over the tasks t whose
/// share is no more than `left`; w: the part of a task times its devices.
template <class Table>
void fill_table(std::span<const UsualTask* const> tasks, Table& use) {
  for (std::size_t left = 0; left < use.size(); ++left) {
    double weights = 0, sum = 0;
    for (const UsualTask* task : tasks) {
      const auto share = static_cast<std::size_t>(task->share.thousandths);
      if (share > left) continue;
      const double weight = task->part * task->devices;
      weights += weight;
      sum += weight * (static_cast<double>(share) + use[left - share]);
    }
    use[left] = weights > 0 ? sum / weights : 0;
  }
}

}  // namespace

ExpectedUse::ExpectedUse(const Kinds& kinds, std::span<const UsualTask> usual) {
  std::map<std::vector<const UsualTask*>, std::uint32_t> known;
  for (const NodeKind& kind : kinds.all()) {
    const Node& node = kinds.node(kind.example);
    OfKind& of = of_kind_.emplace_back();
    std::vector<const UsualTask*> tasks;
    for (const UsualTask& task : usual) {
      if (task.devices == 0 || task.share.thousandths <= 0 || !may_use(node, task)) continue;
      tasks.push_back(&task);
      const std::uint32_t cpus = task.cpus.thousandths;
      const double devices = static_cast<double>(task.devices) * task.share.thousandths;
      of.tasks.push_back({task.part, cpus > 0 ? devices / cpus : 0, cpus > 0});
    }
    for (const Device& device : node.devices) of.never_given += device.allottable ? 0 : 1;
    const auto [at, is_new] = known.try_emplace(tasks, static_cast<std::uint32_t>(tables_.size()));
    of.table = at->second;
    if (is_new) fill_table(tasks, tables_.emplace_back());
  }
}

double ExpectedUse::of(std::uint32_t kind, std::uint32_t cpu_thousandths,
                       std::span<const std::int32_t> free) const {
  const OfKind& of = of_kind_[kind];
  const OfDevice& use = tables_[of.table];
  double by_devices = -static_cast<double>(of.never_given) * use.back();
  for (const std::int32_t left : free)
    by_devices += use[static_cast<std::size_t>(std::clamp(left, 0, whole_device.thousandths))];
  double sum = 0;
  for (const Task& task : of.tasks)
    sum += task.part *
           (task.needs_cpus ? std::min(by_devices, cpu_thousandths * task.reach) : by_devices);
  return sum;
}

}  // namespace gangline
