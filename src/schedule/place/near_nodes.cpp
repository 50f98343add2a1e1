#include "schedule/place/near_nodes.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"

namespace gangline {

void RoomBySwitch::set(const Switches& tree, std::uint32_t node, std::uint32_t room) {
  const std::uint32_t before = std::exchange(nodes_[node], room);
  if (before == room) return;
  for (std::uint32_t s = tree.above(node);; s = tree.all()[s].parent) {
    switches_[s] = switches_[s] + room - before;
    if (s == 0) return;
  }
}

void RoomBySwitch::count(const Wanted& wanted, const FreeView& free, Slices slices) {
  const Kinds& kinds = free.base().kinds();
  const Switches& tree = kinds.switches();
  nodes_.assign(kinds.nodes(), 0);
  switches_.assign(tree.all().size(), 0);
  for (std::uint32_t n = 0; n < kinds.nodes(); ++n) {
    nodes_[n] = tasks_that_fit(wanted, wanted.on(n, kinds), free.node(n), slices);
    switches_[tree.above(n)] += nodes_[n];
  }
  for (std::size_t s = switches_.size() - 1; s > 0; --s)
    switches_[tree.all()[s].parent] += switches_[s];
}

void RoomBySwitch::learn(const Wanted& wanted, const FreeState& base) {
  const auto& changes = base.changes();
  const std::uint64_t all = base.changes_forgotten() + changes.size();
  const bool goes_on = base_ == &base && changes_seen_ >= base.changes_forgotten() &&
                       all - changes_seen_ <= base.nodes();
  if (goes_on) {
    const Kinds& kinds = base.kinds();
    for (std::uint64_t i = changes_seen_; i < all; ++i) {
      const std::uint32_t n = changes[static_cast<std::size_t>(i - base.changes_forgotten())];
      set(kinds.switches(), n, tasks_that_fit(wanted, wanted.on(n, kinds), base.node(n)));
    }
  } else {
    count(wanted, FreeView(base), Slices::any);
  }
  base_ = &base;
  changes_seen_ = all;
}

namespace {

/// One search. What it takes is gone until it is over.
class Search {
 public:
  Search(const FreeView& free, RoomBySwitch& room)
      : free_(free), tree_(free.base().kinds().switches()), room_(room) {}
  ~Search() {
    for (auto change = undo_.rbegin(); change != undo_.rend(); ++change)
      room_.set(tree_, change->first, change->second);
  }
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;

  /// Those that are changed in the view.
  void see_changes(const Wanted& wanted, Slices slices) {
    const Kinds& kinds = free_.base().kinds();
    for (const auto& [n, node] : free_.changed())
      set(n, tasks_that_fit(wanted, wanted.on(n, kinds), node, slices));
  }

  std::optional<std::vector<std::pair<std::uint32_t, std::uint32_t>>> find(std::uint32_t tasks) {
    if (room_.under(0) < tasks) return std::nullopt;
    fill(lowest(0, tasks).value_or(0), tasks);
    return std::move(chosen_);
  }

 private:
  void set(std::uint32_t node, std::uint32_t room) {
    undo_.emplace_back(node, room_.of_node(node));
    room_.set(tree_, node, room);
  }
  void take(std::uint32_t node, std::uint64_t tasks) {
    chosen_.emplace_back(node, static_cast<std::uint32_t>(tasks));
    set(node, 0);
  }

  /// The lowest switch inside this one that holds so many.
  std::optional<std::uint32_t> lowest(std::uint32_t s, std::uint64_t tasks) const {
    std::optional<std::uint32_t> best;
    for (std::uint32_t inside = s + 1; inside < tree_.all()[s].end; ++inside) {
      if (room_.under(inside) < tasks) continue;
      if (best) {
        const std::uint32_t depth = tree_.all()[inside].depth;
        const std::uint32_t least = tree_.all()[*best].depth;
        if (depth < least) continue;
        if (depth == least && room_.under(inside) >= room_.under(*best)) continue;
      }
      best = inside;
    }
    return best;
  }

  std::uint32_t cpus(std::uint32_t node) const { return free_.node(node).cpu_thousandths; }

  /// The node under this switch that holds so many and has the least room; of equal ones the
  /// fullest.
  std::optional<std::uint32_t> smallest(std::uint32_t s, std::uint64_t tasks) const {
    std::optional<std::uint32_t> best;
    const auto key = [&](std::uint32_t n) { return std::tuple(room_.of_node(n), cpus(n), n); };
    for (std::uint32_t i = s; i < tree_.all()[s].end;) {
      const bool some_may = room_.under(i) >= tasks;
      const Switch& in = tree_.all()[i];
      for (std::uint32_t p = in.first; some_may && p < in.last; ++p) {
        const std::uint32_t n = tree_.order()[p];
        if (tree_.above(n) != i) break;  // those right under it are in front
        if (room_.of_node(n) >= tasks && (!best || key(n) < key(*best))) best = n;
      }
      i = some_may ? i + 1 : in.end;
    }
    return best;
  }

  /// Nodes right under this switch that hold some, the roomiest last; of equal ones the fullest.
  std::vector<std::uint32_t> nodes_right_under(std::uint32_t s) const {
    std::vector<std::uint32_t> nodes;
    const Switch& in = tree_.all()[s];
    for (std::uint32_t i = in.first; i < in.last && tree_.above(tree_.order()[i]) == s; ++i)
      if (room_.of_node(tree_.order()[i]) > 0) nodes.push_back(tree_.order()[i]);
    std::sort(nodes.begin(), nodes.end(), [&](std::uint32_t a, std::uint32_t b) {
      return std::tuple(room_.of_node(a), cpus(b), b) < std::tuple(room_.of_node(b), cpus(a), a);
    });
    return nodes;
  }

  std::optional<std::uint32_t> roomiest_inside(std::uint32_t s) const {
    std::optional<std::uint32_t> best;
    for (std::uint32_t i = s + 1; i < tree_.all()[s].end; i = tree_.all()[i].end)
      if (room_.under(i) > 0 && (!best || room_.under(i) > room_.under(*best))) best = i;
    return best;
  }

  /// Gives the tasks to nodes under this switch, which has room for them.
  void fill(std::uint32_t s, std::uint64_t tasks) {
    std::vector<std::uint32_t> nodes = nodes_right_under(s);
    while (tasks > 0) {
      while (!nodes.empty() && room_.of_node(nodes.back()) == 0) nodes.pop_back();
      const auto inside = roomiest_inside(s);
      const std::uint64_t most_inside = inside ? room_.under(*inside) : 0;
      const std::uint64_t most_here = nodes.empty() ? 0 : room_.of_node(nodes.back());
      CHECK(most_inside > 0 || most_here > 0);
      // 1. All of it to one node, or under one switch.
      if (std::max(most_inside, most_here) >= tasks) {
        if (const auto node = smallest(s, tasks)) return take(*node, tasks);
        return fill(*lowest(s, tasks), tasks);
      }
      // 2. As much of it as can be to what has the most room.
      if (most_here >= most_inside) {
        tasks -= most_here;
        take(nodes.back(), most_here);
      } else {
        tasks -= most_inside;
        fill(*inside, most_inside);
      }
    }
  }

  const FreeView& free_;
  const Switches& tree_;
  RoomBySwitch& room_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> undo_;  // node, room before
  std::vector<std::pair<std::uint32_t, std::uint32_t>> chosen_;
};

}  // namespace

std::optional<std::vector<std::pair<std::uint32_t, std::uint32_t>>> near_nodes(const Wanted& wanted,
                                                                               const FreeView& free,
                                                                               Slices slices) {
  // Slices and avoided devices are rare; and with many nodes changed, those are most of the work.
  const bool plain =
      !wanted.slices && wanted.special.empty() && 2 * free.changed().size() < free.base().nodes();
  if (!plain) {
    RoomBySwitch room;
    room.count(wanted, free, slices);
    return Search(free, room).find(wanted.tasks);
  }
  wanted.by_switch->learn(wanted, free.base());
  Search search(free, *wanted.by_switch);
  search.see_changes(wanted, slices);
  return search.find(wanted.tasks);
}

}  // namespace gangline
