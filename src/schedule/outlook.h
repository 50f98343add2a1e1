// How much room there will be for one shape, step by step until a time, kept up to date while
// others come and go: so that a promise costs what changed.
#pragma once

#include <cstdint>
#include <vector>

#include "schedule/holdings.h"
#include "schedule/place/wanted.h"

namespace gangline {

class Outlook {
 public:
  /// Of the tasks of `wanted`, from now until `until` (included), if nobody else came. All must
  /// outlive it.
  Outlook(const Kinds& kinds, const FreeState& free, const Holdings& held, const Wanted& wanted,
          Time until);

  /// Something on these nodes is about to change, or has changed. Each call of the one is followed
  /// by one of the other.
  void before_change(const Allocation& allocation) { add_nodes(allocation, -1); }
  void after_change(const Allocation& allocation) { add_nodes(allocation, 1); }

  Time until() const { return until_; }
  const Wanted& wanted() const { return *wanted_; }
  /// There is room for all the tasks before that time, seen from now. Those who are overdue are
  /// expected to end before it.
  bool opens_before(Time now) const;
  /// How many tasks more there is room for at that time than are wanted; below zero: too little.
  std::int64_t spare() const { return at_the_end_ - wanted_->tasks; }
  /// How many of the tasks find no room then if this is held as well.
  std::int64_t loss(const Allocation& extra) const;

 private:
  struct Step {
    Time at;
    std::int64_t tasks = 0;  ///< so many more from then on
  };
  void add_nodes(const Allocation& allocation, std::int64_t sign);
  void add(std::uint32_t node, std::int64_t sign);
  void add_ends(std::uint32_t node, std::int64_t sign);
  void step(Time at, std::int64_t tasks);
  std::uint32_t fits(std::uint32_t node, const FreeNode& free) const {
    return tasks_that_fit(*wanted_, wanted_->on(node, *kinds_), free);
  }

  const Kinds* kinds_;
  const FreeState* free_;
  const Holdings* held_;
  const Wanted* wanted_;
  Time until_;
  std::int64_t now_ = 0;  // tasks there is room for now
  std::int64_t at_the_end_ = 0;
  std::vector<Step> steps_;  // by time, each time once
};

}  // namespace gangline
