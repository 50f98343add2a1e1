// Who holds what, in the orders in which a plan asks: by end, by how long, by node, by job.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "model/snapshot.h"

namespace gangline {

/// A holder whose time is up and that still runs is expected to end so much after now.
constexpr Span overdue_grace = seconds(1);

/// The end of `turns` gangs of that time, one after another.
inline Time end_after(Time start, Span time, std::uint32_t turns) {
  return time.us > never.us / turns ? never : start + Span{time.us * turns};
}

/// When gangs of this group end at the latest that take `turns` turns from `start` on with this
/// alternative of what they ask for; `never` without a time limit.
inline Time end_of(const WaitingGroup& group, std::uint32_t alternative, Time start,
                   std::uint32_t turns = 1) {
  if (!group.time) return never;
  return end_after(start, time_with(group.request->alternatives[alternative], *group.time), turns);
}
/// The same with the slowest alternative.
inline std::optional<Span> longest_of(const WaitingGroup& group) {
  if (!group.time) return std::nullopt;
  return slowest_time(*group.request, *group.time);
}

using HeldId = std::uint32_t;

/// The place of a holder among those that have held for longer or shorter.
struct HeldSince {
  Time since;
  JobId job;
  std::uint32_t first = 0;
  HeldId id = 0;
  auto operator<=>(const HeldSince&) const = default;
};

class Holdings {
 public:
  using BySince = std::set<HeldSince>;
  /// By expected end; of equal ones those that have held longest in front.
  using ByEnd = std::set<std::pair<Time, HeldSince>>;

  explicit Holdings(std::uint32_t nodes) : on_node_(nodes) {}

  HeldId add(Holder holder);
  void remove(HeldId id);
  /// The same allocation, held by others or longer than was thought.
  void put(HeldId id, Holder holder);
  /// The one that holds for this gang as the first of its turns.
  std::optional<HeldId> find(JobId job, std::uint32_t first) const;

  /// The one that holds just this allocation, whichever gang's turn it is.
  std::optional<HeldId> find(JobId job, const std::shared_ptr<const Allocation>& allocation) const;
  /// Whether the gang holds something, or has a turn that comes.
  bool holds(GangId gang) const;

  const Holder& at(HeldId id) const { return all_[id]; }
  const ByEnd& by_end() const { return by_end_; }
  const BySince& by_since() const { return by_since_; }
  const std::vector<HeldId>& on_node(std::uint32_t node) const { return on_node_[node]; }
  /// How many allocations the job holds.
  std::uint32_t of_job(JobId job) const;

  /// It should have ended by now.
  bool is_overdue(HeldId id, Time now) const { return all_[id].expected_end <= now; }
  /// When it is expected to end, seen from now.
  Time end_of(HeldId id, Time now) const {
    return is_overdue(id, now) ? now + overdue_grace : all_[id].expected_end;
  }

 private:
  HeldSince since_of(HeldId id) const { return {all_[id].since, all_[id].job, all_[id].first, id}; }

  std::vector<Holder> all_;
  std::vector<HeldId> unused_;
  ByEnd by_end_;
  BySince by_since_;
  std::vector<std::vector<HeldId>> on_node_;
  std::map<GangId, HeldId> by_first_;
  std::unordered_map<JobId, std::uint32_t> of_job_;
};

}  // namespace gangline
