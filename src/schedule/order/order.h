// Who goes before whom: by the policy, of those that wait and of those that could be stopped.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <vector>

#include "model/snapshot.h"
#include "schedule/order/gittins.h"
#include "schedule/policy.h"

namespace gangline {

using WaitingId = std::uint32_t;
constexpr Span no_limit{std::numeric_limits<std::int64_t>::max()};

/// What the policy says of a gang; less goes first. Equal ones go as they came, and none of them is
/// stopped for another.
struct Standpoint {
  std::int64_t rank = 0;
  std::int64_t then = 0;    ///< among those of one rank
  std::int64_t within = 0;  ///< among those
  auto operator<=>(const Standpoint&) const = default;
};

/// The place of a waiting group in the order in which they may start.
struct OrderKey {
  Standpoint point;
  Time submitted;
  JobId job;
  std::uint32_t first = 0;
  WaitingId id = 0;
  Span limit = no_limit;  ///< on its run; decides nothing here
  auto operator<=>(const OrderKey&) const = default;

  Time end_from(Time start) const { return limit == no_limit ? never : start + limit; }
};

/// The order of one policy.
class Order {
 public:
  /// `work`: how much work gangs usually are, device-time; for GoesFirst::gittins. May be null.
  Order(const Policy& policy, std::vector<Queue> queues, const std::vector<Span>* work);

  /// That of its job and its queue.
  std::int64_t priority_of(const WaitingGroup& group) const;
  /// Those who were submitted up to then have waited beyond all patience.
  void let_go_first(Time submitted_up_to) { late_up_to_ = submitted_up_to; }
  Time late_up_to() const { return late_up_to_; }
  Standpoint point_of(const WaitingGroup& group) const;
  /// Of a gang that runs and could be stopped (`waited` is not null), as it is now.
  Standpoint point_of(const Holder& holder, Time now) const;
  OrderKey key_of(const WaitingGroup& group, WaitingId id) const;
  /// When the standpoint of a gang that runs will be another because it ran; `never`: it will not,
  /// or changes all the time.
  Time changes_at(const Holder& holder, Time now) const;

 private:
  bool by_rest() const {
    return policy_.goes_first == GoesFirst::remaining ||
           policy_.goes_first == GoesFirst::remaining_work;
  }
  std::int64_t level_of(std::int64_t service) const;

  const Policy policy_;
  const std::vector<Queue> queues_;
  const Gittins gittins_;
  Time late_up_to_{std::numeric_limits<std::int64_t>::min()};
};

/// Devices in thousandths that the first alternative wants in all.
std::int64_t devices_wanted(const ResourceRequest& request);
/// How it stands with the gang by now.
Progress progress_of(const Holder& holder, Time now);

}  // namespace gangline
