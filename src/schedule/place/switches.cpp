#include "schedule/place/switches.h"

#include <map>
#include <string>
#include <utility>

namespace gangline {
namespace {

/// A switch while the tree is being made, in the order in which they are first named.
struct Draft {
  std::uint32_t parent = 0;
  std::vector<std::uint32_t> inside, nodes;
};

std::vector<Draft> drafts_of(const Cluster& cluster) {
  std::vector<Draft> drafts(1);
  std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> known;
  const std::vector<std::string>* before = nullptr;
  std::uint32_t at = 0;
  for (std::uint32_t n = 0; n < cluster.nodes.size(); ++n) {
    const auto& place = cluster.nodes[n].place;
    // Neighbours are under one switch more often than not.
    if (before == nullptr || place != *before) {
      at = 0;
      for (const std::string& name : place) {
        const auto [found, is_new] =
            known.try_emplace({at, name}, static_cast<std::uint32_t>(drafts.size()));
        if (is_new) drafts[at].inside.push_back(found->second);
        if (is_new) drafts.push_back({at, {}, {}});
        at = found->second;
      }
      before = &place;
    }
    drafts[at].nodes.push_back(n);
  }
  return drafts;
}

}  // namespace

Switches::Switches(const Cluster& cluster)
    : position_(cluster.nodes.size(), 0), above_(cluster.nodes.size(), 0) {
  const std::vector<Draft> drafts = drafts_of(cluster);
  order_.reserve(cluster.nodes.size());
  struct Step {
    std::uint32_t draft = 0, number = 0;
    std::size_t next = 0;  // of those inside it
  };
  const auto begin = [&](std::uint32_t draft, std::uint32_t parent, std::uint32_t depth) {
    const auto number = static_cast<std::uint32_t>(all_.size());
    all_.push_back({parent, depth, 0, static_cast<std::uint32_t>(order_.size()), 0});
    for (const std::uint32_t n : drafts[draft].nodes) {
      above_[n] = number;
      position_[n] = static_cast<std::uint32_t>(order_.size());
      order_.push_back(n);
    }
    return Step{draft, number, 0};
  };
  std::vector<Step> path{begin(0, 0, 0)};
  while (!path.empty()) {
    Step& step = path.back();
    const auto& inside = drafts[step.draft].inside;
    if (step.next < inside.size()) {
      const std::uint32_t child = inside[step.next++];
      path.push_back(begin(child, step.number, static_cast<std::uint32_t>(path.size())));
    } else {
      all_[step.number].end = static_cast<std::uint32_t>(all_.size());
      all_[step.number].last = static_cast<std::uint32_t>(order_.size());
      path.pop_back();
    }
  }
}

}  // namespace gangline
