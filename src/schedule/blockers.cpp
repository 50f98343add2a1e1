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

/// Adds up the devices of all nodes of one kind, by what they have in common.
class KindTally {
 public:
  KindTally(const Desk& desk, const Wanted& wanted, const DeviceRequest& asked, Tally& tally)
      : desk_(desk), wanted_(wanted), asked_(asked), tally_(tally) {}

  void add(std::uint32_t k) {
    const NodeKind& kind = desk_.kinds.all()[k];
    const Node& node = desk_.kinds.node(kind.example);
    for (std::uint32_t d = 0; d < node.devices.size(); ++d) {
      const Device& device = node.devices[d];
      const DeviceId id{{kind.example}, d};
      if (!device.allottable || !matches(device, asked_)) continue;
      if (!device.present || !node.up) {
        // A slice that is gone never comes back; one on a node that is down does.
        const bool may_come_back = device.present || !device.parent;
        if (may_come_back && (!tally_.away || id < tally_.away->device))
          tally_.away = DeviceAway{id};
      } else if (kind.foreign[d] && !is_usable(wanted_.kinds[k], d)) {
        tally_.foreign += one() * kind.nodes;
        const ForeignUse* use = foreign_use_of(*desk_.cluster, desk_.foreign, id);
        if (use != nullptr && (!tally_.foreign_use || use->device < tally_.foreign_use->device))
          tally_.foreign_use = InForeignUse{use->device, use->holder};
      }
    }
    if (!wanted_.kinds[k].node) return;
    for (const std::uint32_t s : desk_.free.standings_of(k)) {
      const Standing& standing = desk_.free.standings()[s];
      for (const std::uint32_t d : wanted_.kinds[k].devices)
        add_free(standing.free[d], standing.nodes.size());
    }
  }

  /// Devices on this node that are avoided were counted with the others of its kind.
  void leave_out(std::uint32_t n, const Usable& usable) {
    for (const std::uint32_t d : wanted_.kinds[desk_.kinds.kind_of(n)].devices) {
      if (is_usable(usable, d)) continue;
      const std::uint64_t free = amount(desk_.free.node(n).devices[d]);
      tally_.free -= free;
      tally_.taken -= one() - std::min(one(), free);
    }
  }

 private:
  static bool is_usable(const Usable& usable, std::uint32_t device) {
    return std::binary_search(usable.devices.begin(), usable.devices.end(), device);
  }
  bool whole() const { return asked_.share == whole_device; }
  std::uint64_t one() const { return whole() ? 1 : 1000; }
  std::uint64_t amount(std::int32_t left) const {
    const auto n = static_cast<std::uint64_t>(std::max(0, left));
    return whole() ? n / 1000 : n;
  }
  void add_free(std::int32_t left, std::uint64_t times) {
    const std::uint64_t free = amount(left);
    tally_.free += free * times;
    tally_.taken += (one() - std::min(one(), free)) * times;
  }

  const Desk& desk_;
  const Wanted& wanted_;
  const DeviceRequest& asked_;
  Tally& tally_;
};

Tally tally_devices(const Desk& desk, const Shape& shape, const Wanted& wanted) {
  const DeviceRequest& asked = *shape.request->alternatives[wanted.alternative].devices;
  const bool whole = asked.share == whole_device;
  Tally tally;
  tally.wanted = std::uint64_t{wanted.tasks} * wanted.each *
                 (whole ? 1 : static_cast<std::uint64_t>(wanted.share.thousandths));
  KindTally by_kind(desk, wanted, asked, tally);
  for (std::uint32_t k = 0; k < desk.kinds.all().size(); ++k) by_kind.add(k);
  for (const auto& [n, usable] : wanted.special) by_kind.leave_out(n, usable);
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
  std::uint64_t sum = free;
  const auto look_at = [&](HeldId id) {
    const Holder& holder = desk.held.at(id);
    const std::uint64_t amount = amount_in(*holder.allocation, counts);
    if (amount == 0) return;
    const bool named =
        std::find(taken.holders.begin(), taken.holders.end(), holder.job) != taken.holders.end();
    if (!named && taken.holders.size() < most_holders_named) taken.holders.push_back(holder.job);
    const bool was_enough = sum >= wanted;
    sum += amount;
    if (!was_enough && sum >= wanted) taken.until = desk.held.end_of(id, desk.now);
  };
  for (const auto& [end, since] : desk.held.by_end()) {
    const HeldId id = since.id;
    if (sum >= wanted && taken.holders.size() == most_holders_named) break;
    look_at(id);
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
      if (part.node.n >= desk.kinds.nodes()) return sum;
      const auto& usable = wanted.on(part.node.n, desk.kinds).devices;
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
  if (!desk.kinds.node(node.n).up) return NodeAway{node};
  return *tally.away;
}

/// CPUs or memory: `have` says how much a node that is up has, `left` how much of it is free.
std::optional<Blocker> too_little(const Desk& desk, const std::string& what, std::uint64_t wanted,
                                  const std::function<std::uint64_t(const Node&)>& have,
                                  const std::function<std::uint64_t(const FreeNode&)>& left,
                                  const Amount& counts) {
  std::uint64_t free = 0, all = 0;
  std::optional<NodeId> down;
  for (std::uint32_t n = 0; n < desk.kinds.nodes(); ++n) {
    const Node& node = desk.kinds.node(n);
    if (node.up) {
      free += left(desk.free.node(n));
      all += have(node);
      if (free >= wanted) return std::nullopt;
    } else if (!down) {
      down = NodeId{n};
    }
  }
  if (all < wanted && down) return NodeAway{*down};
  return all_taken(desk, what, wanted, free, counts);
}

/// Enough of everything, but not in the same places.
Scattered scattered(const Desk& desk, const Shape& shape, const Wanted& wanted) {
  const auto enough_by = [&](const auto& tasks_by) {
    std::uint64_t tasks = 0;
    for (std::uint32_t n = 0; n < desk.kinds.nodes() && tasks < wanted.tasks; ++n)
      if (wanted.on(n, desk.kinds).node) tasks += tasks_by(desk.free.node(n), n);
    return tasks >= wanted.tasks;
  };
  const std::uint64_t tasks = wanted.tasks;
  if (wanted.each > 0) {
    Wanted devices_alone = wanted;
    devices_alone.memory = {};
    const Tally tally = tally_devices(desk, shape, wanted);
    const std::string kind = name_of(shape.request->alternatives[wanted.alternative].devices->kind);
    const bool enough = enough_by([&](FreeNode free, std::uint32_t n) {
      free.cpu_thousandths = std::numeric_limits<std::uint32_t>::max();
      return tasks_that_fit(devices_alone, devices_alone.on(n, desk.kinds), free);
    });
    if (!enough)
      return {kind + (wanted.share == whole_device ? "" : " share"), tally.wanted, tally.free};
  }
  std::uint64_t cpus = 0, memory = 0;
  for (std::uint32_t n = 0; n < desk.kinds.nodes(); ++n) {
    if (!wanted.on(n, desk.kinds).node) continue;
    cpus += desk.free.node(n).cpu_thousandths;
    memory += bytes_of(desk.free.node(n).memory);
  }
  if (!enough_by([&](const FreeNode& free, std::uint32_t n) {
        return times_in(free.cpu_thousandths, wanted.on(n, desk.kinds).cpus_each);
      }))
    return {"cpu", tasks * wanted.cpus.thousandths, cpus};
  const std::uint64_t bytes = bytes_of(wanted.memory);
  if (bytes > 0 && !enough_by([&](const FreeNode& free, std::uint32_t) {
        return bytes_of(free.memory) / bytes;
      }))
    return {"memory", tasks * bytes, memory};
  std::uint64_t fit = 0;
  for (std::uint32_t n = 0; n < desk.kinds.nodes(); ++n)
    fit += tasks_that_fit(wanted, wanted.on(n, desk.kinds), desk.free.node(n));
  return {"task", tasks, fit};
}

/// The alternative that speaks for all: the one liked best of those for which there is room when
/// all have ended, or else of those that this cluster could ever meet.
const Wanted& that_speaks(const Desk& desk, const Shape& shape) {
  for (const Wanted& one : shape.wanted)
    if (fits_when_empty(one, desk.kinds)) return one;
  // The last of them leave out no device of an earlier attempt.
  const std::size_t last = shape.wanted.size() - shape.request->alternatives.size();
  for (std::size_t i = last; i < shape.wanted.size(); ++i) {
    const Wanted ever =
        want(desk.kinds, *shape.request, shape.wanted[i].alternative, {true, true, {}});
    if (fits_when_empty(ever, desk.kinds)) return shape.wanted[i];
  }
  return shape.wanted[last];
}

Blocker reason_for(const Desk& desk, const Shape& shape) {
  const Wanted& wanted = that_speaks(desk, shape);
  if (wanted.each > 0)
    if (auto blocker = too_few_devices(desk, shape, wanted)) return *blocker;
  auto blocker = too_little(
      desk, "cpu", std::uint64_t{wanted.tasks} * wanted.cpus.thousandths,
      [](const Node& node) { return cpus_of(node).thousandths; },
      [](const FreeNode& free) { return free.cpu_thousandths; },
      [](const NodePart&, const TaskPlace& task) { return cpus_of(task).thousandths; });
  if (!blocker && wanted.memory.n > 0)
    blocker = too_little(
        desk, "memory", wanted.tasks * bytes_of(wanted.memory),
        [](const Node& node) { return bytes_of(node.memory); },
        [](const FreeNode& free) { return bytes_of(free.memory); },
        [](const NodePart&, const TaskPlace& task) { return bytes_of(task.memory); });
  if (blocker) return *blocker;
  return scattered(desk, shape, wanted);
}

}  // namespace

const Blocker& why_no_room(const Desk& desk, Shape& shape) {
  if (shape.blocker && shape.blocker_of_plan == desk.plans()) return *shape.blocker;
  shape.blocker_of_plan = desk.plans();
  shape.blocker = reason_for(desk, shape);
  return *shape.blocker;
}

}  // namespace gangline
