#include "schedule/place.h"

#include <algorithm>
#include <span>
#include <tuple>

#include "schedule/choose_cpus.h"
#include "schedule/choose_devices.h"

namespace gangline {
namespace {

/// One task of one device breaks the least by taking a slice. Tasks that work together want whole
/// devices: slices do not talk to each other the fast way.
std::span<const Slices> slices_in_order(const Wanted& wanted) {
  static constexpr Slices no_matter[] = {Slices::any};
  static constexpr Slices slice_first[] = {Slices::only, Slices::any};
  static constexpr Slices whole_first[] = {Slices::none, Slices::any};
  const auto has_slice = [](const Wanted::OnNode& node) {
    return std::find(node.slice.begin(), node.slice.end(), true) != node.slice.end();
  };
  if (std::none_of(wanted.nodes.begin(), wanted.nodes.end(), has_slice)) return no_matter;
  if (wanted.tasks == 1) return slice_first;
  return whole_first;
}

DeviceChoice choose_devices(const Wanted& wanted, std::uint32_t node, std::uint32_t tasks,
                            const FreeNode& free, const NodeLayout& layout, Slices slices) {
  const Wanted::OnNode& on = wanted.nodes[node];
  std::vector<std::uint32_t> candidates;
  for (std::size_t i = 0; i < on.devices.size(); ++i) {
    if (slices != Slices::any && on.slice[i] != (slices == Slices::only)) continue;
    if (free.devices[on.devices[i]] >= wanted.share.thousandths)
      candidates.push_back(on.devices[i]);
  }
  if (wanted.share != whole_device)
    return choose_shares(layout, free.devices, candidates, tasks, wanted.share);
  return choose_whole(layout, std::move(candidates), tasks, wanted.each);
}

/// Tasks `rank` and on of a gang on one node, with devices chosen already.
NodePart bind(const Wanted& wanted, std::uint32_t node, std::uint32_t rank, std::uint32_t tasks,
              DeviceChoice choice, const FreeNode& free, const NodeLayout& layout) {
  NodePart part{{node}, {}};
  CpuSet cpus = free.cpus;
  std::vector<bool> near_all(layout.numa_nodes, false);
  if (wanted.each == 0) {
    // Tasks without devices stay together in the smallest NUMA node that holds them all.
    const auto counts = free_in_numa(layout, cpus);
    std::optional<std::uint32_t> best;
    for (std::uint32_t numa = 0; numa < counts.size(); ++numa)
      if (counts[numa] >= std::uint64_t{tasks} * wanted.cpus &&
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
    place.cpus = choose_cpus(layout, cpus, wanted.cpus, near);
    place.memory = wanted.memory;
    cpus = cpus.minus(place.cpus);
  }
  return part;
}

/// The whole gang on one of the nodes that can hold it.
Allocation on_one_node(const Wanted& wanted, const std::vector<std::uint32_t>& room,
                       const FreeState& free, Layouts& layouts, Slices slices) {
  // Less is better: closest devices; for CPUs alone a node without devices; then the fullest node.
  using Key = std::tuple<Closeness, bool, std::uint32_t>;
  std::optional<Key> best_key;
  std::uint32_t best = 0;
  DeviceChoice best_choice;
  for (std::uint32_t n = 0; n < room.size(); ++n) {
    if (room[n] < wanted.tasks) continue;
    const FreeNode& node = free.nodes()[n];
    DeviceChoice choice;
    if (wanted.each > 0)
      choice = choose_devices(wanted, n, wanted.tasks, node, layouts.of(n), slices);
    const bool costs_a_device_node = wanted.each == 0 && !node.devices.empty();
    Key key{choice.closeness, costs_a_device_node, node.cpu_count};
    if (best_key && !(key < *best_key)) continue;
    best_key = key;
    best = n;
    best_choice = std::move(choice);
  }
  Allocation allocation{wanted.alternative, {}};
  allocation.parts.push_back(bind(wanted, best, 0, wanted.tasks, std::move(best_choice),
                                  free.nodes()[best], layouts.of(best)));
  return allocation;
}

/// The gang over as few nodes as can be: the roomiest first, and for the rest the smallest that
/// holds it.
Allocation on_several_nodes(const Wanted& wanted, std::vector<std::uint32_t> room,
                            const FreeState& free, Layouts& layouts, Slices slices) {
  Allocation allocation{wanted.alternative, {}};
  for (std::uint32_t rank = 0; rank < wanted.tasks;) {
    const std::uint32_t rest = wanted.tasks - rank;
    std::uint32_t best = 0;
    for (std::uint32_t n = 1; n < room.size(); ++n) {
      const bool enough = room[n] >= rest, best_enough = room[best] >= rest;
      if (enough != best_enough ? enough : enough ? room[n] < room[best] : room[n] > room[best])
        best = n;
    }
    const std::uint32_t here = std::min(rest, room[best]);
    const FreeNode& node = free.nodes()[best];
    DeviceChoice choice;
    if (wanted.each > 0)
      choice = choose_devices(wanted, best, here, node, layouts.of(best), slices);
    allocation.parts.push_back(
        bind(wanted, best, rank, here, std::move(choice), node, layouts.of(best)));
    room[best] = 0;
    rank += here;
  }
  return allocation;
}

}  // namespace

std::optional<Allocation> place(const Wanted& wanted, const FreeState& free, Layouts& layouts) {
  for (const Slices slices : slices_in_order(wanted)) {
    std::vector<std::uint32_t> room(wanted.nodes.size());
    std::uint64_t total = 0;
    bool one_is_enough = false;
    for (std::uint32_t n = 0; n < room.size(); ++n) {
      room[n] = tasks_that_fit(wanted, n, free.nodes()[n], slices);
      total += room[n];
      one_is_enough = one_is_enough || room[n] >= wanted.tasks;
    }
    if (one_is_enough) return on_one_node(wanted, room, free, layouts, slices);
    if (total >= wanted.tasks)
      return on_several_nodes(wanted, std::move(room), free, layouts, slices);
  }
  return std::nullopt;
}

}  // namespace gangline
