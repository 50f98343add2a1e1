#include "schedule/place/roomiest.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <tuple>

namespace gangline {
namespace {

bool better_to_fill(const RoomyNode& a, const RoomyNode& b) {
  return std::tie(a.room, a.cpus, a.node) < std::tie(b.room, b.cpus, b.node);
}

}  // namespace

/// The one that comes later has less room, or more CPUs left, or a higher number.
bool RoomiestNodes::LessRoomy::operator()(const Head& a, const Head& b) const {
  return std::tie(a.node.room, b.node.cpus, b.node.node) <
         std::tie(b.node.room, a.node.cpus, a.node.node);
}

RoomiestNodes::RoomiestNodes(const Wanted& wanted, const FreeView& free, Slices slices)
    : wanted_(wanted), free_(free) {
  const FreeState& base = free.base();
  if (wanted.each == 0) {
    for (const Family family : families)
      add_source(base.by_cpus(family), std::numeric_limits<std::uint32_t>::max(),
                 cpus_each_in(wanted, family));
  } else {
    for (std::uint32_t k = 0; k < wanted.kinds.size(); ++k) {
      const Usable& usable = wanted.kinds[k];
      if (!usable.node || usable.devices.empty()) continue;
      for (const std::uint32_t s : base.standings_of(k)) {
        if (base.standings()[s].nodes.empty()) continue;
        const std::uint32_t most = wanted.scores->most_on(base, s, usable, slices);
        if (most > 0) add_source(base.standings()[s].nodes, most, usable.cpus_each);
      }
    }
  }
  for (const auto& [n, node] : free.changed()) add_alone(n, slices);
  for (const auto& [n, usable] : wanted.special)
    if (!free.is_changed(n)) add_alone(n, slices);
}

void RoomiestNodes::add_source(const ByCpus& nodes, std::uint32_t most, std::uint32_t cpus_each) {
  if (nodes.empty()) return;
  const std::uint32_t room = std::min(most, times_in(nodes.rbegin()->first, cpus_each));
  if (room == 0) return;
  sources_.push_back({&nodes, most, cpus_each, room, nodes.lower_bound({room * cpus_each, 0})});
  advance(sources_.size() - 1);
}

void RoomiestNodes::add_alone(std::uint32_t n, Slices slices) {
  const FreeNode& node = free_.node(n);
  const Usable& usable = wanted_.on(n, free_.base().kinds());
  if (!usable.node) return;
  std::uint32_t room = times_in(node.cpu_thousandths, usable.cpus_each);
  if (wanted_.each > 0)
    room =
        std::min(room, tasks_on_devices(usable, node.devices, wanted_.each, wanted_.share, slices));
  if (room == 0) return;
  alone_.push_back({room, node.cpu_thousandths, n});
  heads_.push({alone_.back(), std::numeric_limits<std::size_t>::max()});
}

/// Puts the next node of this source among the heads: the next with as much room, or the first of
/// those with less.
void RoomiestNodes::advance(std::size_t index) {
  Source& source = sources_[index];
  for (;;) {
    const bool more =
        source.next != source.nodes->end() &&
        (source.room == source.most || source.next->first < (source.room + 1) * source.cpus_each);
    if (!more) {
      const auto fuller = source.nodes->lower_bound({source.room * source.cpus_each, 0});
      if (fuller == source.nodes->begin()) return;
      source.room = times_in(std::prev(fuller)->first, source.cpus_each);
      if (source.room == 0) return;
      source.next = source.nodes->lower_bound({source.room * source.cpus_each, 0});
      continue;
    }
    const auto [cpus, n] = *source.next++;
    const bool is_up = wanted_.each > 0 || wanted_.kinds[free_.base().kinds().kind_of(n)].node;
    if (stands_for_itself(n) || !is_up) continue;
    heads_.push({{source.room, cpus, n}, index});
    return;
  }
}

bool RoomiestNodes::has_memory(std::uint32_t n, std::uint32_t tasks) const {
  return wanted_.memory.n == 0 || free_.node(n).memory.n / wanted_.memory.n >= tasks;
}

std::optional<std::uint32_t> RoomiestNodes::take_smallest(std::uint32_t tasks) {
  while (!heads_.empty() && taken_.contains(heads_.top().node.node)) {
    const Head head = heads_.top();
    heads_.pop();
    if (head.source < sources_.size()) advance(head.source);
  }
  if (heads_.empty() || heads_.top().node.room < tasks) return std::nullopt;
  std::optional<RoomyNode> best;
  const auto consider = [&](const RoomyNode& one) {
    if (taken_.contains(one.node) || !has_memory(one.node, tasks)) return false;
    if (!best || better_to_fill(one, *best)) best = one;
    return true;
  };
  for (const Source& source : sources_) {
    if (source.most < tasks) continue;
    for (auto it = source.nodes->lower_bound({tasks * source.cpus_each, 0});
         it != source.nodes->end(); ++it) {
      const auto [cpus, n] = *it;
      const RoomyNode one{std::min(source.most, times_in(cpus, source.cpus_each)), cpus, n};
      if (best && better_to_fill(*best, one)) break;
      const bool is_up = wanted_.each > 0 || wanted_.kinds[free_.base().kinds().kind_of(n)].node;
      if (!stands_for_itself(n) && is_up && consider(one)) break;
    }
  }
  for (const RoomyNode& one : alone_)
    if (one.room >= tasks) consider(one);
  if (!best) return std::nullopt;
  taken_.insert(best->node);
  return best->node;
}

std::optional<std::uint32_t> RoomiestNodes::take_roomiest() {
  while (!heads_.empty()) {
    const Head head = heads_.top();
    heads_.pop();
    if (head.source < sources_.size()) advance(head.source);
    if (taken_.insert(head.node.node).second) return head.node.node;
  }
  return std::nullopt;
}

}  // namespace gangline
