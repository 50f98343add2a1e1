#include "plain_near.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "schedule/place/bind.h"

namespace gangline::worlds {
namespace {

using Path = std::vector<std::string>;
using Chosen = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

bool is_in(const Path& inner, const Path& outer) {
  return inner.size() >= outer.size() && std::equal(outer.begin(), outer.end(), inner.begin());
}

/// The outermost so many.
Path cut(Path path, std::size_t depth) {
  path.resize(depth);
  return path;
}

class Plain {
 public:
  Plain(const Wanted& wanted, const FreeView& free, Slices slices)
      : free_(free), kinds_(free.base().kinds()) {
    for (std::uint32_t n = 0; n < kinds_.nodes(); ++n) {
      room_.push_back(tasks_that_fit(wanted, wanted.on(n, kinds_), free.node(n), slices));
      for (std::size_t depth = 0; depth <= place(n).size(); ++depth)
        first_named_.try_emplace(cut(place(n), depth), n);
    }
  }

  std::uint32_t most_on_one() const { return *std::max_element(room_.begin(), room_.end()); }
  std::uint64_t under(const Path& path) const {
    std::uint64_t sum = 0;
    for (std::uint32_t n = 0; n < room_.size(); ++n)
      if (is_in(place(n), path)) sum += room_[n];
    return sum;
  }

  void fill(const Path& path, std::uint64_t tasks) {
    while (tasks > 0) {
      // 1. One node for all of it.
      std::vector<std::uint32_t> nodes;
      for (std::uint32_t n = 0; n < room_.size(); ++n)
        if (is_in(place(n), path) && room_[n] >= tasks) nodes.push_back(n);
      if (!nodes.empty()) return take(smallest(nodes), tasks);
      // 2. The lowest switch for all of it.
      std::vector<Path> inside;
      for (const auto& [other, n] : first_named_)
        if (other != path && is_in(other, path) && under(other) >= tasks) inside.push_back(other);
      if (!inside.empty()) return fill(lowest(inside), tasks);
      // 3. What has the most room.
      take_most(path, tasks);
    }
  }

  Chosen chosen;

 private:
  const Path& place(std::uint32_t n) const { return kinds_.node(n).place; }

  void take(std::uint32_t n, std::uint64_t tasks) {
    chosen.emplace_back(n, static_cast<std::uint32_t>(tasks));
    room_[n] = 0;
  }

  std::uint32_t smallest(const std::vector<std::uint32_t>& nodes) const {
    return *std::min_element(nodes.begin(), nodes.end(), [&](std::uint32_t a, std::uint32_t b) {
      return std::tuple(room_[a], free_.node(a).cpu_thousandths, a) <
             std::tuple(room_[b], free_.node(b).cpu_thousandths, b);
    });
  }

  /// Where a switch stands among all, those inside one side by side.
  std::vector<std::uint32_t> number(const Path& path) const {
    std::vector<std::uint32_t> numbers;
    for (std::size_t depth = 1; depth <= path.size(); ++depth)
      numbers.push_back(first_named_.at(cut(path, depth)));
    return numbers;
  }

  Path lowest(const std::vector<Path>& paths) const {
    return *std::min_element(paths.begin(), paths.end(), [&](const Path& a, const Path& b) {
      if (a.size() != b.size()) return a.size() > b.size();
      return std::pair(under(a), number(a)) < std::pair(under(b), number(b));
    });
  }

  void take_most(const Path& path, std::uint64_t& tasks) {
    std::optional<std::uint32_t> node;
    for (std::uint32_t n = 0; n < room_.size(); ++n) {
      if (place(n) != path || room_[n] == 0) continue;
      if (!node || room_[n] > room_[*node] ||
          (room_[n] == room_[*node] &&
           free_.node(n).cpu_thousandths < free_.node(*node).cpu_thousandths))
        node = n;
    }
    std::optional<Path> inside;
    for (const auto& [other, first] : first_named_) {
      if (other.size() != path.size() + 1 || !is_in(other, path)) continue;
      if (!inside || under(other) > under(*inside) ||
          (under(other) == under(*inside) && number(other) < number(*inside)))
        inside = other;
    }
    if (node && (!inside || room_[*node] >= under(*inside))) {
      tasks -= room_[*node];
      return take(*node, room_[*node]);
    }
    const std::uint64_t all = under(*inside);
    tasks -= all;
    fill(*inside, all);
  }

  const FreeView& free_;
  const Kinds& kinds_;
  std::vector<std::uint32_t> room_;
  std::map<Path, std::uint32_t> first_named_;  ///< each switch, by the first node under it
};

}  // namespace

void check_near(const Wanted& wanted, const FreeView& free, const std::optional<Allocation>& found,
                std::string& wrong) {
  for (const Slices slices : slices_in_order(wanted)) {
    Plain plain(wanted, free, slices);
    if (plain.under({}) < wanted.tasks) continue;
    if (!found) {
      wrong = "there is room under the switches, and it was not found";
    } else if (plain.most_on_one() >= wanted.tasks) {
      if (found->parts.size() != 1) wrong = "several nodes for what one holds";
    } else {
      plain.fill({}, wanted.tasks);
      Chosen chosen;
      for (const NodePart& part : found->parts)
        chosen.emplace_back(part.node.n, static_cast<std::uint32_t>(part.tasks.size()));
      if (chosen != plain.chosen) wrong = "other nodes under the switches than the rule says";
    }
    return;
  }
}

}  // namespace gangline::worlds
