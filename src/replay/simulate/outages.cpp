#include "replay/simulate/outages.h"

#include <algorithm>

namespace gangline {

Outages::Outages(const std::vector<Outage>& outages, const Cluster& cluster, Span shift)
    : cluster_(cluster), outages_(outages), closed_(cluster.nodes.size()) {
  for (const Outage& outage : outages_) {
    const Time drains = std::max(Time{0}, outage.from - outage.drain);
    changes_.push_back({drains + shift, 1, false, &outage.nodes});
    changes_.push_back({outage.from + shift, 0, true, &outage.nodes});
    changes_.push_back({outage.until + shift, -1, false, &outage.nodes});
  }
  std::stable_sort(changes_.begin(), changes_.end(),
                   [](const Change& a, const Change& b) { return a.at < b.at; });
}

Outages::Taken Outages::take(Time now) {
  Taken taken;
  std::set<std::uint32_t> touched;
  const std::vector<int> before = closed_;
  for (; next() <= now; ++taken_) {
    const Change& change = changes_[taken_];
    for (const std::uint32_t node : *change.nodes) {
      closed_[node] += change.closes;
      touched.insert(node);
      if (change.ends) taken.gone.insert(node);
    }
  }
  for (const std::uint32_t n : touched) {
    if ((closed_[n] > 0) == (before[n] > 0)) continue;
    Node node = cluster_.nodes[n];
    node.up = node.up && closed_[n] == 0;
    taken.seen.push_back({now, NodeSeen{{n}, std::move(node)}});
  }
  return taken;
}

}  // namespace gangline
