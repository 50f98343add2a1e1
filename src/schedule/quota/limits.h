// Whether a queue has room for one more: beside its limit, and within what is guaranteed to it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "schedule/desk.h"

namespace gangline {

/// What the limit of this row (Quotas) leaves beside what is held and what room is kept for.
std::optional<std::int64_t> left_of_limit(const Desk& desk, std::uint32_t row, Account account);
/// Whether one more gang of this shape is within all limits: now, or when those have left who are
/// about to.
bool fits_limits(const Desk& desk, const Shape& shape);
bool fits_limits_then(const Desk& desk, const Shape& shape);
/// The same for one whose kept room is off the desk, then and now: those who come after others have
/// left are not before it.
bool fits_limits_when_due(const Desk& desk, const Shape& shape);

/// Whether with one more gang of this shape its queue, or one that this is a part of and
/// Desk::guaranteed_first counts, would still hold no more than is guaranteed to it.
bool is_within_guarantee(const Desk& desk, const Shape& shape);
/// The same, but only those count that `other` is no part of.
bool has_guarantee_beside(const Desk& desk, const Shape& shape, std::uint32_t other);

/// What limits still lack for one gang when those who are about to leave have left, and more of
/// them.
class LackOfLimits {
 public:
  LackOfLimits(const Desk& desk, const Shape& shape);
  void give_back(const Holder& holder) { add(holder, -1); }
  void take(const Holder& holder) { add(holder, 1); }
  bool is_none() const;

 private:
  void add(const Holder& holder, std::int64_t sign);

  struct Line {
    std::uint32_t row = 0;
    Account account = Account::devices;
    std::int64_t lacking = 0;  ///< at most 0: enough
  };
  const Desk& desk_;
  std::vector<Line> lines_;
};

/// What limits leave for one promise after the other.
class LimitsLeft {
 public:
  explicit LimitsLeft(const Desk& desk) : desk_(desk) {}
  /// Whether there is room for this one beside those before; then it counts as well. There is none
  /// where a limit was lowered.
  bool take(const Shape& shape) { return take(shape.queue, shape.user, shape.charge); }
  /// Whose limit leaves none, as a row of Quotas.
  std::optional<std::uint32_t> row_without_room(const Shape& shape) const;
  /// The same, but whoever found none is not overtaken by others below the same limit.
  bool take_in_order(const Shape& shape);
  /// What somebody who holds counts for.
  bool take(const Holder& holder) {
    return take(holder.queue, holder.user, charge_of(*holder.allocation));
  }
  void give_back(const Holder& holder);

 private:
  using Line = std::pair<std::uint32_t, Account>;
  bool take(std::uint32_t queue, std::uint32_t user, const Charge& charge);
  bool has_room(const Line& line, const Charge& charge) const;

  const Desk& desk_;
  std::map<Line, std::int64_t> taken_;
  std::set<Line> shut_;
};

/// The queues that let nobody more start in a plan. Whoever wants more than a limit leaves is not
/// overtaken by others of that queue, or a stream of small ones would hold it off for good. So from
/// the first in order on that wants more, all wait.
class ShutQueues {
 public:
  explicit ShutQueues(const Desk& desk);

  /// A walk through all begins. `is_done`: a group of which no gang is left to start in it.
  template <class IsDone>
  void begin(const IsDone& is_done);
  /// What is held or kept has grown: the walk has come to this place.
  void look_again(const OrderKey& place);
  /// One of this shape at this place in the order wants more than is left.
  void shut(const Shape& shape, const OrderKey& place);

  bool is_shut(const Shape& shape, const OrderKey& place) const;
  /// The first in order for whom a limit is too low; empty: none is.
  std::optional<OrderKey> first() const;
  /// Why one waits that it is shut to.
  OverQuota reason(const Shape& shape, const OrderKey& place);

 private:
  struct Line {
    std::uint32_t row = 0;
    Account account = Account::devices;
    std::multimap<std::int64_t, const Shape*> shapes;  ///< by what one of their gangs counts
    std::int64_t left = 0;
    std::optional<OrderKey> from;
    // Who holds some, and for whom some is kept, as was asked …
    std::vector<JobId> holders, kept_for;
    std::uint32_t unnamed = 0;  ///< see OverQuota
    std::uint64_t of_plan = 0;  ///< … after this plan
  };
  bool concerns(const Line& line, const Shape& shape) const;
  static void shut_from(Line& line, const OrderKey& place);
  void name_holders(Line& line) const;
  void learn_of_new_shapes();
  bool is_kept(WaitingId id) const;

  const Desk& desk_;
  std::vector<Line> lines_;
  std::size_t shapes_known_ = 0;
};

template <class IsDone>
void ShutQueues::begin(const IsDone& is_done) {
  if (lines_.empty()) return;
  learn_of_new_shapes();
  for (Line& line : lines_) {
    line.from.reset();
    line.left = *left_of_limit(desk_, line.row, line.account);
    for (auto it = line.shapes.upper_bound(line.left); it != line.shapes.end(); ++it)
      for (const OrderKey& key : it->second->line) {
        if (is_done(key.id) || is_kept(key.id)) continue;
        shut_from(line, it->second->now(key));
        break;
      }
  }
}

}  // namespace gangline
