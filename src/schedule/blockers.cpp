#include "schedule/blockers.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <string>

#include "schedule/ahead.h"
#include "schedule/place/place.h"
#include "schedule/reasons/mps_of_other.h"

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
      if (node.elsewhere) continue;
      if (!device.present || !node.up) {
        // A slice that is gone never comes back; one on a node that is down does.
        const bool may_come_back = device.present || !device.parent;
        if (may_come_back && (!tally_.away || id < tally_.away->device))
          tally_.away = DeviceAway{id};
      } else if (kind.foreign[d] != UseByOthers::none && !is_usable(wanted_.kinds[k], d)) {
        tally_.foreign += one() * kind.nodes;
        const ForeignUse* use = foreign_use_of(*desk_.cluster, desk_.foreign, id);
        if (use != nullptr && (!tally_.foreign_use || use->device < tally_.foreign_use->use.device))
          tally_.foreign_use = InForeignUse{*use};
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
    if (!wanted_.kinds[desk_.kinds.kind_of(n)].node) return;  // it was not counted
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
    if (node.elsewhere) continue;
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

/// How much there is of one thing on the nodes that are up, and how many tasks find enough of it.
struct Spread {
  std::uint64_t free = 0, most = 0, fit = 0;
  void add(std::uint64_t here, std::uint64_t in_one_place, std::uint64_t tasks) {
    free += here;
    most = std::max(most, in_one_place);
    fit += tasks;
  }
};

Spread spread_of_devices(const Desk& desk, const Wanted& wanted) {
  const bool whole = wanted.share == whole_device;
  Spread spread;
  for (std::uint32_t n = 0; n < desk.kinds.nodes(); ++n) {
    const Usable& usable = wanted.on(n, desk.kinds);
    if (!usable.node) continue;
    const auto& free = desk.free.node(n).devices;
    std::uint64_t here = 0, most = 0;
    for (const std::uint32_t d : usable.devices) {
      const auto left = static_cast<std::uint64_t>(std::max(0, free[d])) / (whole ? 1'000 : 1);
      here += left;
      most = std::max(most, left);
    }
    spread.add(here, whole ? here : most,
               tasks_on_devices(usable, free, wanted.each, wanted.share, Slices::any));
  }
  return spread;
}

template <class Left>
Spread spread_of(const Desk& desk, const Wanted& wanted, std::uint64_t each, const Left& left) {
  Spread spread;
  for (std::uint32_t n = 0; n < desk.kinds.nodes(); ++n) {
    if (!wanted.on(n, desk.kinds).node) continue;
    const std::uint64_t here = left(desk.free.node(n));
    spread.add(here, here, each == 0 ? wanted.tasks : here / each);
  }
  return spread;
}

/// Enough of everything, but not in the same places.
Scattered scattered(const Desk& desk, const Shape& shape, const Wanted& wanted) {
  const std::uint64_t tasks = wanted.tasks;
  const auto told = [&](std::string what, std::uint64_t each, const Spread& spread) {
    return Scattered{std::move(what), tasks * each, spread.free, each, spread.most, spread.fit};
  };
  // 1. One thing alone.
  if (wanted.each > 0) {
    const bool whole = wanted.share == whole_device;
    const std::string kind = name_of(shape.request->alternatives[wanted.alternative].devices->kind);
    const Spread devices = spread_of_devices(desk, wanted);
    if (devices.fit < tasks)
      return told(kind + (whole ? "" : " share"),
                  wanted.each * (whole ? 1 : static_cast<std::uint64_t>(wanted.share.thousandths)),
                  devices);
  }
  const Spread cpus =
      spread_of(desk, wanted, wanted.cpus.thousandths,
                [](const FreeNode& free) -> std::uint64_t { return free.cpu_thousandths; });
  if (cpus.fit < tasks) return told("cpu", wanted.cpus.thousandths, cpus);
  const Spread memory = spread_of(desk, wanted, bytes_of(wanted.memory),
                                  [](const FreeNode& free) { return bytes_of(free.memory); });
  if (memory.fit < tasks) return told("memory", bytes_of(wanted.memory), memory);
  // 2. All of them together; or over more nodes than the policy lets it.
  std::uint64_t fit = 0;
  for (std::uint32_t n = 0; n < desk.kinds.nodes(); ++n)
    fit += tasks_that_fit(wanted, wanted.on(n, desk.kinds), desk.free.node(n));
  if (fit >= tasks && wanted.most_nodes > 0) {
    Wanted anywhere = wanted;
    anywhere.most_nodes = 0;
    anywhere.by_switch = nullptr;
    if (const auto found = place(anywhere, FreeView(desk.free)))
      return {"node", wanted.most_nodes, found->parts.size()};
  }
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

const Blocker* why_no_room(const Desk& desk, Shape& shape) {
  if (shape.blocker_of_plan != desk.plans()) {
    shape.blocker_of_plan = desk.plans();
    shape.blocker.reset();
    if (place_first(shape, desk.view_for(shape)) == nullptr) {
      shape.blocker = mps_of_other(desk, shape);
      if (!shape.blocker) shape.blocker = reason_for(desk, shape);
      // When as much as it wants is free, MPS of others may still be there.
      auto* taken = std::get_if<AllTaken>(&*shape.blocker);
      if (taken != nullptr && desk.is_barred_somewhere(shape)) taken->until = never;
    }
  }
  return shape.blocker ? &*shape.blocker : nullptr;
}

}  // namespace gangline
