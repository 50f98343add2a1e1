// Nodes that are taken away for a while and come back.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "model/cluster.h"
#include "model/event.h"

namespace gangline {

/// Between `from` and `until` the nodes are down. What still runs on them at `from` is lost.
struct Outage {
  Time from, until;
  Span drain{0};                     ///< so long before `from` nothing new starts there any more
  std::vector<std::uint32_t> nodes;  ///< places in Cluster::nodes
};

class Outages {
 public:
  /// `cluster` must outlive it. All times are moved by `shift`.
  Outages(const std::vector<Outage>& outages, const Cluster& cluster, Span shift);

  /// When the next nodes go or come; `never`: none do.
  Time next() const { return taken_ < changes_.size() ? changes_[taken_].at : never; }

  struct Taken {
    std::vector<Event> seen;       ///< nodes that take something from now on, or do not any more
    std::set<std::uint32_t> gone;  ///< those on which nothing runs on
  };
  /// What changes up to `now`, once.
  Taken take(Time now);

 private:
  struct Change {
    Time at;
    int closes = 0;     ///< 1: from now on they take nothing; -1: they do again
    bool ends = false;  ///< what runs on them is lost
    const std::vector<std::uint32_t>* nodes = nullptr;
  };

  const Cluster& cluster_;
  std::vector<Outage> outages_;
  std::vector<Change> changes_;  ///< by time
  std::size_t taken_ = 0;
  std::vector<int> closed_;  ///< of each node, by how many outages
};

}  // namespace gangline
