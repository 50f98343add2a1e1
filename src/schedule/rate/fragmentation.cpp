#include "schedule/rate/fragmentation.h"

#include <algorithm>
#include <array>

#include "schedule/place/wanted.h"

namespace gangline {

bool may_use(const Node& node, const UsualTask& task) {
  DeviceRequest request;
  request.count = task.devices;
  request.model = task.model;
  return std::any_of(node.devices.begin(), node.devices.end(),
                     [&](const Device& device) { return matches(device, request); });
}

Fragmentation::Fragmentation(const Kinds& kinds, std::span<const UsualTask> usual) {
  const auto wish_of = [&](const UsualTask& task) -> std::uint32_t {
    for (std::uint32_t w = 0; w < wishes_.size(); ++w)
      if (wishes_[w].share == task.share.thousandths && wishes_[w].devices == task.devices)
        return w;
    if (wishes_.size() == most_wishes) return no_access;
    wishes_.push_back({task.share.thousandths, task.devices});
    return static_cast<std::uint32_t>(wishes_.size() - 1);
  };
  for (const NodeKind& kind : kinds.all()) {
    auto& tasks = of_kind_.emplace_back();
    for (const UsualTask& task : usual) {
      std::uint32_t wish = cpus_alone;
      if (task.devices > 0)
        wish = may_use(kinds.node(kind.example), task) ? wish_of(task) : no_access;
      tasks.push_back({task.cpus.thousandths, task.part, wish});
    }
  }
}

// The sums are taken in the order in which the authors' program takes them: scores are cut to whole
// numbers, and the last bit may decide where a gang goes.
double Fragmentation::of(std::uint32_t kind, std::uint32_t cpu_thousandths,
                         std::span<const std::int32_t> free) const {
  std::int32_t idle = 0;
  for (const std::int32_t left : free) idle += left;
  // Of no use to each wish, and below zero where there are too few devices for it.
  std::array<std::int32_t, most_wishes> useless;
  for (std::size_t w = 0; w < wishes_.size(); ++w) {
    std::uint32_t devices = 0;
    useless[w] = idle;
    for (const std::int32_t left : free) {
      if (left < wishes_[w].share) continue;
      ++devices;
      useless[w] -= left;
    }
    if (devices < wishes_[w].devices) useless[w] = -1;
  }
  double lack_both = 0, lack_devices = 0, lack_cpus = 0, alone = 0, alone_lack_cpus = 0, barred = 0;
  for (const Task& task : of_kind_[kind]) {
    const bool has_cpus = cpu_thousandths >= task.cpu_thousandths;
    const double all = task.part * idle;
    if (task.wish == no_access) barred += all;
    else if (task.wish == cpus_alone) (has_cpus ? alone : alone_lack_cpus) += all;
    else if (useless[task.wish] < 0) (has_cpus ? lack_devices : lack_both) += all;
    else if (!has_cpus) lack_cpus += all;
    else lack_devices += task.part * useless[task.wish];
  }
  return lack_both + lack_devices + lack_cpus + alone + alone_lack_cpus + barred;
}

}  // namespace gangline
