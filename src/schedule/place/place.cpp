#include "schedule/place/place.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "schedule/place/bind.h"
#include "schedule/place/choose_devices.h"
#include "schedule/place/near_nodes.h"
#include "schedule/place/roomiest.h"
#include "schedule/rate/best_nodes.h"

namespace gangline {
namespace {

/// One search for a place. Nodes that stand for themselves (changed in the view, or with devices
/// to avoid) are looked at one by one, all others by their standing.
class Search {
 public:
  Search(const Wanted& wanted, const FreeView& free, Slices slices)
      : wanted_(wanted), free_(free), kinds_(free.base().kinds()), slices_(slices) {}

  std::optional<Allocation> on_one_node();
  std::optional<Allocation> on_fewest_nodes();
  std::optional<Allocation> on_fewest_by_tasks();
  std::optional<Allocation> on_near_nodes();
  /// For how many tasks there is room.
  std::uint64_t room() const;

 private:
  // Less is better: closest devices; for CPUs alone a node without devices; then the fullest node.
  using Key = std::tuple<Closeness, bool, std::uint32_t, std::uint32_t>;
  using ByCpus = std::set<std::pair<std::uint32_t, std::uint32_t>>;

  bool stands_for_itself(std::uint32_t n) const {
    return free_.is_changed(n) || wanted_.is_special(n);
  }
  bool has_memory(const FreeNode& node) const {
    return wanted_.memory.n == 0 || node.memory.n / wanted_.memory.n >= wanted_.tasks;
  }
  /// The nodes that stand for themselves, each once.
  template <class Call>
  void each_alone(const Call& call) const;
  /// Each node that takes some of the tasks, and how many.
  template <class Call>
  void each_with_room(const Call& call) const;
  void look_at(std::uint32_t n);
  void look_through(const ByCpus& nodes, std::uint32_t cpus_each, const Closeness& closeness,
                    bool costs);
  void consider(Key key) {
    if (!best_ || key < *best_) best_ = std::move(key);
  }
  NodePart part_on(std::uint32_t n, std::uint32_t rank, std::uint32_t tasks) const;
  using NodeTasks = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
  Allocation on(const NodeTasks& nodes) const;

  const Wanted& wanted_;
  const FreeView& free_;
  const Kinds& kinds_;
  const Slices slices_;
  std::optional<Key> best_;
};

template <class Call>
void Search::each_alone(const Call& call) const {
  for (const auto& [n, node] : free_.changed()) call(n);
  for (const auto& [n, usable] : wanted_.special)
    if (!free_.is_changed(n)) call(n);
}

void Search::look_at(std::uint32_t n) {
  const FreeNode& node = free_.node(n);
  const Usable& usable = wanted_.on(n, kinds_);
  if (tasks_that_fit(wanted_, usable, node, slices_) < wanted_.tasks) return;
  Score score;
  if (wanted_.each > 0)
    score = wanted_.scores->of_devices(
        kinds_.of(n).layout, kinds_.arranged(kinds_.kind_of(n), node.devices), usable, slices_);
  consider({score.closeness, wanted_.each == 0 && !node.devices.empty(), node.cpu_thousandths, n});
}

/// The fullest of nodes that are equally good.
void Search::look_through(const ByCpus& nodes, std::uint32_t cpus_each, const Closeness& closeness,
                          bool costs) {
  const std::uint64_t cpus = std::uint64_t{wanted_.tasks} * cpus_each;
  if (cpus > std::numeric_limits<std::uint32_t>::max()) return;
  for (auto it = nodes.lower_bound({static_cast<std::uint32_t>(cpus), 0}); it != nodes.end();
       ++it) {
    const auto [cpu_count, n] = *it;
    if (best_ && std::tie(std::get<0>(*best_), std::get<1>(*best_), std::get<2>(*best_)) <
                     std::tie(closeness, costs, cpu_count))
      return;
    if (stands_for_itself(n) || !has_memory(free_.node(n))) continue;
    if (wanted_.each == 0 && !wanted_.kinds[kinds_.kind_of(n)].node) continue;
    return consider({closeness, costs, cpu_count, n});
  }
}

std::optional<Allocation> Search::on_one_node() {
  if (wanted_.each == 0) {
    for (const Family family : families)
      look_through(free_.base().by_cpus(family), cpus_each_in(wanted_, family), {},
                   has_devices(family));
  } else {
    for (std::uint32_t k = 0; k < wanted_.kinds.size(); ++k) {
      const Usable& usable = wanted_.kinds[k];
      if (!usable.node || usable.devices.empty()) continue;
      for (const std::uint32_t standing : free_.base().standings_of(k)) {
        const auto& nodes = free_.base().standings()[standing].nodes;
        if (nodes.empty()) continue;
        const Score& score = wanted_.scores->of(free_.base(), standing, usable, slices_);
        if (score.most < wanted_.tasks) continue;
        if (!best_ || score.closeness <= std::get<0>(*best_))
          look_through(nodes, usable.cpus_each, score.closeness, false);
      }
    }
  }
  each_alone([&](std::uint32_t n) { look_at(n); });
  if (!best_) return std::nullopt;
  Allocation allocation{wanted_.alternative, {}};
  allocation.parts.push_back(part_on(std::get<3>(*best_), 0, wanted_.tasks));
  return allocation;
}

NodePart Search::part_on(std::uint32_t n, std::uint32_t rank, std::uint32_t tasks) const {
  const FreeNode& node = free_.node(n);
  const NodeLayout& layout = kinds_.of(n).layout;
  DeviceChoice choice;
  if (wanted_.each > 0) {
    auto candidates = candidates_of(wanted_.on(n, kinds_), node.devices, wanted_.share, slices_);
    choice = wanted_.share == whole_device
                 ? choose_whole(layout, std::move(candidates), tasks, wanted_.each)
                 : choose_shares(layout, node.devices, candidates, tasks, wanted_.share);
  }
  return bind(wanted_, n, rank, tasks, std::move(choice), node, layout);
}

template <class Call>
void Search::each_with_room(const Call& call) const {
  const auto offer = [&](std::uint32_t n) {
    const std::uint32_t room =
        tasks_that_fit(wanted_, wanted_.on(n, kinds_), free_.node(n), slices_);
    if (room > 0) call(n, room);
  };
  const auto offer_all = [&](const ByCpus& nodes, std::uint32_t cpus_each) {
    for (auto it = nodes.lower_bound({cpus_each, 0}); it != nodes.end(); ++it)
      if (!stands_for_itself(it->second)) offer(it->second);
  };
  if (wanted_.each == 0) {
    for (const Family family : families)
      offer_all(free_.base().by_cpus(family), cpus_each_in(wanted_, family));
  } else {
    for (std::uint32_t k = 0; k < wanted_.kinds.size(); ++k) {
      const Usable& usable = wanted_.kinds[k];
      if (!usable.node || usable.devices.empty()) continue;
      for (const std::uint32_t s : free_.base().standings_of(k)) {
        const auto& nodes = free_.base().standings()[s].nodes;
        if (nodes.empty()) continue;
        if (wanted_.scores->most_on(free_.base(), s, usable, slices_) > 0)
          offer_all(nodes, usable.cpus_each);
      }
    }
  }
  each_alone(offer);
}

/// Over as few nodes as can be: the roomiest first, and for the rest the smallest that holds it.
std::optional<Allocation> Search::on_fewest_nodes() {
  RoomiestNodes nodes(wanted_, free_, slices_);
  NodeTasks chosen;
  for (std::uint32_t rank = 0; rank < wanted_.tasks;) {
    const std::uint32_t rest = wanted_.tasks - rank;
    auto n = wanted_.roomiest_first ? std::nullopt : nodes.take_smallest(rest);
    if (!n) n = nodes.take_roomiest();
    if (!n) return std::nullopt;
    const std::uint32_t here =
        std::min(rest, tasks_that_fit(wanted_, wanted_.on(*n, kinds_), free_.node(*n), slices_));
    if (here == 0) continue;
    chosen.emplace_back(*n, here);
    rank += here;
  }
  return on(chosen);
}

/// The same, but memory counts for what is roomy: if there are as few nodes as the gang may lie
/// over, these are some. It looks at all that have room.
std::optional<Allocation> Search::on_fewest_by_tasks() {
  std::vector<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>> nodes;
  constexpr std::uint32_t most = std::numeric_limits<std::uint32_t>::max();
  each_with_room([&](std::uint32_t n, std::uint32_t room) {
    nodes.emplace_back(most - room, free_.node(n).cpu_thousandths, n);
  });
  const std::size_t count = std::min(wanted_.most_nodes, nodes.size());
  std::partial_sort(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(count), nodes.end());
  NodeTasks chosen;
  std::uint32_t rest = wanted_.tasks;
  for (std::size_t i = 0; i < count && rest > 0; ++i) {
    const std::uint32_t here = std::min(rest, most - std::get<0>(nodes[i]));
    chosen.emplace_back(std::get<2>(nodes[i]), here);
    rest -= here;
  }
  if (rest > 0) return std::nullopt;
  return on(chosen);
}

std::optional<Allocation> Search::on_near_nodes() {
  const auto chosen = near_nodes(wanted_, free_, slices_);
  if (!chosen) return std::nullopt;
  return on(*chosen);
}

Allocation Search::on(const NodeTasks& nodes) const {
  Allocation allocation{wanted_.alternative, {}};
  std::uint32_t rank = 0;
  for (const auto& [n, tasks] : nodes) {
    allocation.parts.push_back(part_on(n, rank, tasks));
    rank += tasks;
  }
  return allocation;
}

std::uint64_t Search::room() const {
  std::uint64_t tasks = 0;
  each_with_room([&](std::uint32_t, std::uint32_t room) { tasks += room; });
  return tasks;
}

}  // namespace

std::optional<Allocation> place(const Wanted& wanted, const FreeView& free) {
  if (wanted.best_nodes != nullptr) return place_rated(wanted, free);
  const auto is_good = [&](const std::optional<Allocation>& found) {
    return found && (wanted.most_nodes == 0 || found->parts.size() <= wanted.most_nodes);
  };
  for (const Slices slices : slices_in_order(wanted)) {
    Search search(wanted, free, slices);
    if (!wanted.roomiest_first) {
      if (auto allocation = search.on_one_node()) return allocation;
      if (wanted.tasks == 1) continue;
    }
    if (wanted.by_switch != nullptr)
      if (auto allocation = search.on_near_nodes(); is_good(allocation)) return allocation;
    // Those under one switch may be more than there need be.
    if (wanted.by_switch != nullptr && wanted.most_nodes == 0) continue;
    if (auto allocation = search.on_fewest_nodes(); is_good(allocation)) return allocation;
    if (wanted.most_nodes > 0 && wanted.memory.n > 0)
      if (auto allocation = search.on_fewest_by_tasks()) return allocation;
  }
  return std::nullopt;
}

std::uint64_t room_for(const Wanted& wanted, const FreeView& free) {
  return Search(wanted, free, Slices::any).room();
}

}  // namespace gangline
