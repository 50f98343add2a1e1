#include "schedule/blockers.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <string>

namespace gangline {
namespace {

constexpr std::size_t most_holders_named = 8;

/// How much of one thing there is for one alternative, by what stands in the way of it.
struct Tally {
  std::uint64_t wanted = 0, free = 0, taken = 0, foreign = 0;
  std::optional<InForeignUse> foreign_use;
  std::optional<DeviceAway> away;
};

Tally tally_devices(const Desk& desk, const Shape& shape, const Wanted& wanted) {
  const Cluster& cluster = *desk.snapshot.cluster;
  const DeviceRequest& asked = *shape.request->alternatives[wanted.alternative].devices;
  const bool whole = asked.share == whole_device;
  const std::uint64_t one = whole ? 1 : static_cast<std::uint64_t>(whole_device.thousandths);
  Tally tally;
  tally.wanted = std::uint64_t{wanted.tasks} * wanted.each *
                 (whole ? 1 : static_cast<std::uint64_t>(wanted.share.thousandths));
  for (std::uint32_t n = 0; n < cluster.nodes.size(); ++n) {
    const Node& node = cluster.nodes[n];
    for (std::uint32_t d = 0; d < node.devices.size(); ++d) {
      const Device& device = node.devices[d];
      if (!device.allottable || !matches(device, asked)) continue;
      if (!device.present || !node.up) {
        // A slice that is gone never comes back; one on a node that is down does.
        const bool may_come_back = device.present || !device.parent;
        if (!tally.away && may_come_back) tally.away = DeviceAway{{{n}, d}};
        continue;
      }
      const auto& usable = wanted.nodes[n].devices;
      if (!std::binary_search(usable.begin(), usable.end(), d)) {
        const ForeignUse* use = foreign_use_of(cluster, desk.snapshot.foreign, {{n}, d});
        if (use == nullptr) continue;  // avoided: an earlier attempt failed on it
        tally.foreign += one;
        if (!tally.foreign_use) tally.foreign_use = InForeignUse{use->device, use->holder};
        continue;
      }
      const auto left = static_cast<std::uint64_t>(std::max(0, desk.free.nodes()[n].devices[d]));
      const std::uint64_t free = whole ? left / 1000 : left;
      tally.free += free;
      tally.taken += one - std::min(one, free);
    }
  }
  return tally;
}

std::uint64_t bytes_of(Bytes bytes) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, bytes.n));
}

/// How much of what `counts` an allocation holds.
using Amount = std::function<std::uint64_t(const NodePart&, const TaskPlace&)>;
std::uint64_t amount_in(const Allocation& allocation, const Amount& counts) {
  std::uint64_t sum = 0;
  for (const NodePart& part : allocation.parts)
    for (const TaskPlace& task : part.tasks) sum += counts(part, task);
  return sum;
}

AllTaken all_taken(const Desk& desk, std::string what, std::uint64_t wanted, std::uint64_t free,
                   const Amount& counts) {
  AllTaken taken{std::move(what), wanted, free, {}, never};
  std::vector<const Held*> by_end;
  for (const Held& held : desk.held)
    if (amount_in(*held.allocation, counts) > 0) by_end.push_back(&held);
  std::stable_sort(by_end.begin(), by_end.end(),
                   [](const Held* a, const Held* b) { return a->end < b->end; });
  std::uint64_t sum = free;
  for (const Held* held : by_end) {
    const bool named =
        std::find(taken.holders.begin(), taken.holders.end(), held->job) != taken.holders.end();
    if (!named && taken.holders.size() < most_holders_named) taken.holders.push_back(held->job);
    const bool was_enough = sum >= wanted;
    sum += amount_in(*held->allocation, counts);
    if (!was_enough && sum >= wanted) taken.until = held->end;
  }
  return taken;
}

std::optional<Blocker> too_few_devices(const Desk& desk, const Shape& shape, const Wanted& wanted) {
  const Tally tally = tally_devices(desk, shape, wanted);
  if (tally.free >= tally.wanted) return std::nullopt;
  if (tally.free + tally.taken >= tally.wanted || (!tally.foreign_use && !tally.away)) {
    const bool whole = wanted.share == whole_device;
    const auto& asked = *shape.request->alternatives[wanted.alternative].devices;
    const auto held = [&](const NodePart& part, const TaskPlace& task) {
      std::uint64_t sum = 0;
      if (part.node.n >= wanted.nodes.size()) return sum;
      const auto& usable = wanted.nodes[part.node.n].devices;
      for (const DeviceShare& share : task.devices)
        if (std::binary_search(usable.begin(), usable.end(), share.device))
          sum += whole ? 1 : static_cast<std::uint64_t>(share.share.thousandths);
      return sum;
    };
    return all_taken(desk, std::string(name_of(asked.kind)) + (whole ? "" : " share"), tally.wanted,
                     tally.free, held);
  }
  const bool foreign_is_enough = tally.free + tally.taken + tally.foreign >= tally.wanted;
  if (tally.foreign_use && (foreign_is_enough || !tally.away)) return *tally.foreign_use;
  const NodeId node = tally.away->device.node;
  if (!desk.snapshot.cluster->nodes[node.n].up) return NodeAway{node};
  return *tally.away;
}

/// CPUs or memory: `have` says how much a node that is up has, `left` how much of it is free.
std::optional<Blocker> too_little(const Desk& desk, const std::string& what, std::uint64_t wanted,
                                  const std::function<std::uint64_t(const Node&)>& have,
                                  const std::function<std::uint64_t(const FreeNode&)>& left,
                                  const Amount& counts) {
  std::uint64_t free = 0, all = 0;
  std::optional<NodeId> down;
  for (std::uint32_t n = 0; n < desk.snapshot.cluster->nodes.size(); ++n) {
    const Node& node = desk.snapshot.cluster->nodes[n];
    if (node.up) {
      free += left(desk.free.nodes()[n]);
      all += have(node);
    } else if (!down) {
      down = NodeId{n};
    }
  }
  if (free >= wanted) return std::nullopt;
  if (all < wanted && down) return NodeAway{*down};
  return all_taken(desk, what, wanted, free, counts);
}

/// Enough of everything, but not in the same places.
Scattered scattered(const Desk& desk, const Shape& shape, const Wanted& wanted) {
  const auto enough_by = [&](const auto& tasks_by) {
    std::uint64_t tasks = 0;
    for (std::uint32_t n = 0; n < wanted.nodes.size(); ++n)
      if (wanted.nodes[n].usable) tasks += tasks_by(desk.free.nodes()[n], n);
    return tasks >= wanted.tasks;
  };
  const std::uint64_t tasks = wanted.tasks;
  if (wanted.each > 0) {
    Wanted devices_alone = wanted;
    devices_alone.cpus = 1, devices_alone.memory = {};
    const Tally tally = tally_devices(desk, shape, wanted);
    const std::string kind = name_of(shape.request->alternatives[wanted.alternative].devices->kind);
    const bool enough = enough_by([&](FreeNode free, std::uint32_t n) {
      free.cpu_count = std::numeric_limits<std::uint32_t>::max();
      return tasks_that_fit(devices_alone, n, free);
    });
    if (!enough)
      return {kind + (wanted.share == whole_device ? "" : " share"), tally.wanted, tally.free};
  }
  std::uint64_t cpus = 0, memory = 0;
  for (std::uint32_t n = 0; n < wanted.nodes.size(); ++n) {
    if (!wanted.nodes[n].usable) continue;
    cpus += desk.free.nodes()[n].cpu_count;
    memory += bytes_of(desk.free.nodes()[n].memory);
  }
  if (!enough_by([&](const FreeNode& free, std::uint32_t) { return free.cpu_count / wanted.cpus; }))
    return {"cpu", tasks * wanted.cpus, cpus};
  const std::uint64_t bytes = bytes_of(wanted.memory);
  if (bytes > 0 && !enough_by([&](const FreeNode& free, std::uint32_t) {
        return bytes_of(free.memory) / bytes;
      }))
    return {"memory", tasks * bytes, memory};
  std::uint64_t fit = 0;
  for (std::uint32_t n = 0; n < wanted.nodes.size(); ++n)
    fit += tasks_that_fit(wanted, n, desk.free.nodes()[n]);
  return {"task", tasks, fit};
}

/// The alternative that speaks for all: the one liked best of those for which there is room when
/// all have ended, or else of those that this cluster could ever meet.
const Wanted& that_speaks(const Desk& desk, const Shape& shape) {
  const FreeState all(*desk.snapshot.cluster);
  for (const Wanted& one : shape.wanted)
    if (fits(one, all)) return one;
  // The last of them leave out no device of an earlier attempt.
  const std::size_t last = shape.wanted.size() - shape.request->alternatives.size();
  for (std::size_t i = last; i < shape.wanted.size(); ++i) {
    const Wanted ever = want(*desk.snapshot.cluster, *shape.request, shape.wanted[i].alternative,
                             {true, true, {}, {}});
    if (fits(ever, all)) return shape.wanted[i];
  }
  return shape.wanted[last];
}

}  // namespace

Blocker why_no_room(Desk& desk, const Shape& shape) {
  const Wanted& wanted = that_speaks(desk, shape);
  if (wanted.each > 0)
    if (auto blocker = too_few_devices(desk, shape, wanted)) return *blocker;
  auto blocker = too_little(
      desk, "cpu", std::uint64_t{wanted.tasks} * wanted.cpus,
      [](const Node& node) { return node.cpus.count(); },
      [](const FreeNode& free) { return free.cpu_count; },
      [](const NodePart&, const TaskPlace& task) { return task.cpus.count(); });
  if (!blocker && wanted.memory.n > 0)
    blocker = too_little(
        desk, "memory", wanted.tasks * bytes_of(wanted.memory),
        [](const Node& node) { return bytes_of(node.memory); },
        [](const FreeNode& free) { return bytes_of(free.memory); },
        [](const NodePart&, const TaskPlace& task) { return bytes_of(task.memory); });
  if (blocker) return *blocker;
  return scattered(desk, shape, wanted);
}

}  // namespace gangline
