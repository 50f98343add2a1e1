#include "schedule/place/bind.h"

#include <algorithm>
#include <utility>

#include "schedule/place/choose_cpus.h"

namespace gangline {

// One task of one device breaks the least by taking a slice. Tasks that work together want whole
// devices: slices do not talk to each other the fast way.
std::span<const Slices> slices_in_order(const Wanted& wanted) {
  static constexpr Slices no_matter[] = {Slices::any};
  static constexpr Slices slice_first[] = {Slices::only, Slices::any};
  static constexpr Slices whole_first[] = {Slices::none, Slices::any};
  if (!wanted.slices) return no_matter;
  if (wanted.tasks == 1) return slice_first;
  return whole_first;
}

NodePart bind(const Wanted& wanted, std::uint32_t node, std::uint32_t rank, std::uint32_t tasks,
              DeviceChoice choice, const FreeNode& free, const NodeLayout& layout) {
  NodePart part{{node}, {}};
  CpuSet cpus = free.cpus;
  std::vector<bool> near_all(layout.numa_nodes, false);
  const bool counted = layout.cpus.empty();
  const std::uint32_t cpus_each = std::max(1u, wanted.cpus.whole());
  if (wanted.each == 0 && !counted) {
    // Tasks without devices stay together in the smallest NUMA node that holds them all.
    const auto counts = free_in_numa(layout, cpus);
    std::optional<std::uint32_t> best;
    for (std::uint32_t numa = 0; numa < counts.size(); ++numa)
      if (counts[numa] >= std::uint64_t{tasks} * cpus_each &&
          (!best || counts[numa] < counts[*best]))
        best = numa;
    if (best) near_all[*best] = true;
  }
  for (std::uint32_t task = 0; task < tasks; ++task) {
    std::vector<bool> near = near_all;
    if (wanted.each > 0)
      for (const DeviceShare& share : choice.tasks[task])
        if (const auto numa = layout.numa_of_device[share.device]) near[*numa] = true;
    TaskPlace& place = part.tasks.emplace_back();
    place.rank = rank + task;
    if (wanted.each > 0) place.devices = std::move(choice.tasks[task]);
    place.memory = wanted.memory;
    if (counted) place.counted = wanted.cpus;
    else place.cpus = choose_cpus(layout, cpus, cpus_each, near);
    cpus = cpus.minus(place.cpus);
  }
  return part;
}

}  // namespace gangline
