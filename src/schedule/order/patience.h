// How long those who go later may be passed by before they go first.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "model/snapshot.h"
#include "schedule/policy.h"

namespace gangline {

/// Who waits, and since when, for policies under which nobody is passed by for longer than patience
/// lasts (GoesFirst::least_work; of others it knows nothing and says so).
///
/// Patience is Policy::patience while what waits is no more than the cluster has. With r times as
/// much it is (4 - 3 / r^2) * r * sqrt(r) times as long: where everybody waits for long, a wait is
/// long later.
class Patience {
 public:
  Patience(const Policy& policy, const Cluster& cluster);

  /// `for_room`: for nothing else; such groups count as what waits.
  void waits(const WaitingGroup& group, std::uint32_t id, bool for_room);
  void no_longer_waits(const WaitingGroup& group, std::uint32_t id, bool for_room);

  /// Those who were submitted up to then have waited for too long.
  Time late_up_to(Time now) const;
  /// When the next one will have, if nothing changes; `never`: nobody will.
  Time next_late(Time now) const;
  /// Those who were submitted after the one time and up to the other, in either order.
  template <class Call>
  void between(Time a, Time b, const Call& call) const {
    if (b < a) std::swap(a, b);
    const auto end = since_.upper_bound({b, none});
    for (auto it = since_.upper_bound({a, none}); it != end; ++it) call(it->second);
  }

 private:
  static constexpr std::uint32_t none = 0xFFFFFFFF;
  std::int64_t size_of(const WaitingGroup& group) const;
  Span lasts() const;

  const bool counts_;
  const Span at_least_;
  bool by_cpus_ = false;       ///< the cluster has no devices
  std::int64_t capacity_ = 0;  ///< devices or CPUs, in thousandths
  std::int64_t waiting_ = 0;   ///< the same that waits
  std::set<std::pair<Time, std::uint32_t>> since_;
};

}  // namespace gangline
