// The best rated node for one task, found without rating all of them anew.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "model/allocation.h"
#include "schedule/rate/rater.h"

namespace gangline {

/// Of tasks that ask for the same. What it finds out holds for a node until it changes.
class BestNodes {
 public:
  /// `rater` must outlive it.
  explicit BestNodes(const Rater& rater) : rater_(rater) {}

  struct Choice {
    std::uint32_t node = 0;
    Rating rating;
  };
  /// The best node with room for one of the tasks; none has. Nodes changed in `free` are rated each
  /// time.
  std::optional<Choice> best(const Wanted& wanted, const FreeView& free, Slices slices);
  /// Rates one node as though `node` were free there; empty: no room.
  std::optional<Rating> rate(const Wanted& wanted, const FreeState& base, std::uint32_t n,
                             const FreeNode& node, Slices slices) const;

 private:
  static constexpr std::int32_t no_room = std::numeric_limits<std::int32_t>::min();
  static constexpr std::uint32_t any_device = ~0u;
  struct Known {
    std::uint64_t rated_at = 0;  ///< after so many changes
    std::int32_t score = no_room;
    std::uint32_t device = any_device;
  };
  using Entry = std::pair<std::int32_t, std::uint32_t>;  // score, node
  struct Worse {                                         // a lower score, or a higher number
    bool operator()(const Entry& a, const Entry& b) const {
      return a.first != b.first ? a.first < b.first : a.second > b.second;
    }
  };

  void learn_of_changes(const Wanted& wanted, const FreeState& base);
  void rate_again(const Wanted& wanted, const FreeState& base, std::uint32_t n);
  std::optional<Choice> best_of_all(const Wanted& wanted, const FreeView& free,
                                    Slices slices) const;

  const Rater& rater_;
  std::vector<Known> known_;                                     ///< by node
  std::priority_queue<Entry, std::vector<Entry>, Worse> queue_;  ///< stale ones among them
  std::uint64_t changes_seen_ = 0;
};

/// An allocation of the tasks one after the other, each on the node that is best for it then; none:
/// there is no room for all.
std::optional<Allocation> place_rated(const Wanted& wanted, const FreeView& free);

}  // namespace gangline
