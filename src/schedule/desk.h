// What plans are worked out on: what is free, who holds the rest, who waits, what is kept for whom.
// It stays between plans, so that the next one costs what changed.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "model/snapshot.h"
#include "schedule/holdings.h"
#include "schedule/order/order.h"
#include "schedule/order/patience.h"
#include "schedule/order/standings.h"
#include "schedule/outlook.h"
#include "schedule/place/free_state.h"
#include "schedule/place/wanted.h"
#include "schedule/policy.h"
#include "schedule/quota/quotas.h"
#include "schedule/rate/rater.h"

namespace gangline {

/// All waiting groups that ask for the same under the same rules: what is found out about one of
/// them holds for all.
struct Shape {
  std::shared_ptr<const ResourceRequest> request;
  bool allow_foreign = false;
  bool rated = false;  ///< how long one runs depends on which of its alternatives it gets
  std::vector<DeviceId> avoid;
  // Where the policy, the queues or MPS tell them apart, and else 0:
  std::uint32_t queue = 0, user = 0;
  bool mps = false;               ///< see WaitingGroup
  Charge charge;                  ///< what each gang counts for in its queue, before it has started
  std::int64_t standing = 0;      ///< of its user in its queue; less goes first
  std::vector<Wanted> wanted;     ///< in the order in which they are tried
  std::optional<Error> hopeless;  ///< this cluster can never meet it

  std::set<OrderKey> line;               ///< those that wait for nothing but room, by `in_line`
  std::map<Span, std::uint32_t> limits;  ///< their time limits, with how many have each
  // Found out when one of them was tried, and true until something is freed.
  bool no_room = false;          ///< it did not fit
  std::optional<Time> denied;    ///< to end later than this would delay a promise
  std::int64_t denied_loss = 0;  ///< tasks of the one promise that would find no room for it
  /// Nodes on which something was freed since, and it may find room.
  std::vector<std::uint32_t> freed;
  /// Where it has no room and wants it for several tasks: for how many there is.
  std::optional<std::int64_t> room;
  std::optional<Blocker> blocker;     ///< why there is no room; empty: there is some …
  std::uint64_t blocker_of_plan = 0;  ///< … as was asked after this plan

  /// Lines stay as they are when standings change: this is the place among all, and back.
  OrderKey now(OrderKey in_line) const {
    in_line.point.rank += standing;
    return in_line;
  }
  OrderKey in_line(OrderKey now) const {
    now.point.rank -= standing;
    return now;
  }
  MpsOf mps_of() const { return mps ? MpsOf(user) : std::nullopt; }
  /// Whether one who ends then is among those for whom that was found out.
  bool is_shut_to(Time end) const { return no_room || (denied && end > *denied); }
  /// Nobody in its line can start as things are.
  bool is_closed(Time now) const {
    return line.empty() || (freed.empty() && is_shut_to(now + limits.begin()->first));
  }
};

inline MpsOf mps_of(const Holder& holder) { return holder.mps ? MpsOf(holder.user) : std::nullopt; }

struct Waits {
  WaitingGroup group;
  Shape* shape = nullptr;
  OrderKey key;                 ///< in the line of its shape
  std::optional<Span> longest;  ///< its time limit, with the slowest of its alternatives

  OrderKey place() const { return shape->now(key); }
  Time latest_end_from(Time start) const { return longest ? start + *longest : never; }

  /// It waits for nothing but room.
  bool is_in_line() const { return group.after.empty() && !shape->hopeless; }
};

/// When and where a gang could start if nobody else came.
struct Opening {
  Time at = never;  ///< never: nobody knows, for it needs what a gang without a time limit holds
  /// Where `at` is never: once all up to this one of Holdings::by_since have ended. Else of those
  /// who end then (Holdings::by_end) those up to this one; empty: all of them.
  std::optional<HeldSince> released;
  bool after_overdue = false;  ///< as soon as those have ended who should have by now
  std::shared_ptr<const Allocation> allocation;
  bool operator==(const Opening&) const = default;
};

/// Room that is kept for a gang that was promised a start, or that stands first and cannot be told
/// one.
struct Reserved {
  WaitingId group = 0;
  std::uint32_t first = 0;  ///< the gang of it that it is kept for
  const Shape* shape = nullptr;
  std::optional<Span> time;
  Time promised = never;
  Opening opening;

  Time end() const { return time ? opening.at + *time : never; }
  /// Whether a gang that starts now and ends at `other_end` is in its way.
  bool conflicts(Time other_end) const { return opening.at == never || other_end > opening.at; }
  bool operator==(const Reserved&) const = default;
};

class Desk {
 public:
  /// The state of `snapshot`, to be ordered as the policy says.
  Desk(const Snapshot& snapshot, const Policy& policy);
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  // What changes.
  void wait(const WaitingGroup& group);
  void withdraw(WaitingId id);
  HeldId hold(Holder holder);
  void let_go(HeldId id);
  /// It was asked to leave: the plan that is being made counts it as gone. Until `stay`.
  Holder leave(HeldId id);
  void stay(Holder holder);
  /// Whether somebody of those is still on a node of this.
  bool is_being_left(const Allocation& allocation) const;
  /// The same allocation, held by others or longer than was thought.
  void renew(HeldId id, Holder holder);
  /// What users had by now, for policies that share by it.
  void share_by(const std::vector<UserUse>& used);
  /// Those who have waited for too long by now go first, where the policy says so. Returns when the
  /// next will have.
  Time let_late_go_first();
  /// What is free now for this shape: with MPS, nothing of the GPUs that others have with MPS.
  FreeView view_for(const Shape& shape) const;
  FreeNode node_for(const Shape& shape, std::uint32_t node) const;
  /// Whether others than its user hold something with MPS.
  bool is_barred_somewhere(const Shape& shape) const;
  /// Those who hold something with MPS.
  const std::set<HeldId>& with_mps() const { return with_mps_; }
  /// Whether a rule lets none of this shape start at this time.
  bool is_closed_to(const Shape& shape, Time at) const;
  /// Times after now from which on something may be free that was not.
  std::vector<Time> times_of_opening() const;

  /// For how many room may be kept when this one finds none. Whoever has waited for too long and is
  /// first gets a promise also if somebody else holds the last one: or others would pass it by.
  std::size_t most_promises(const Waits& waits, bool is_first) const {
    const bool too_long = is_first && waits.key.submitted <= order.late_up_to();
    return std::size_t{policy.promises} + (too_long && policy.promises != everyone ? 1 : 0);
  }

  std::optional<WaitingId> find(JobId job, std::uint32_t first) const;
  /// The waiting group that the gang is in.
  std::optional<WaitingId> group_of(GangId gang) const;
  const Waits& waiting(WaitingId id) const { return waiting_[id]; }
  Shape& shape_of(const WaitingGroup& group);
  /// All that wait, in order, those that wait for other jobs or for nothing there is too.
  std::vector<WaitingId> all_in_order() const;
  /// Whether somebody who waits for room alone comes after this one.
  bool somebody_behind(const OrderKey& key) const;
  /// How much was found out about requests and free nodes; what is no longer asked for stays too.
  std::size_t remembered() const { return shapes_.size() + free.standings().size(); }

  /// All that were ever asked for; each stays.
  const std::deque<Shape>& shapes() const { return shapes_; }
  /// First in line of each shape, by its place among all. `open_heads`: of those not closed.
  const std::set<std::pair<OrderKey, Shape*>>& heads() const { return heads_; }
  const std::set<std::pair<OrderKey, Shape*>>& open_heads() const { return open_heads_; }
  /// Call when `no_room` or `denied` of a shape was changed.
  void note(Shape& shape);
  /// Whether one who ends then may find room, as far as is known.
  bool may_start(Shape& shape, Time end);
  /// It was tried, and there is no room.
  void close(Shape& shape);
  /// It was tried, and to end later than `after` would delay a promise.
  void deny(Shape& shape, Time after, std::int64_t loss);
  /// What was denied may be possible now.
  void forget_denials();
  /// The same for those that cost the one promise no more than it can spare.
  void forget_denials_of_at_most(std::int64_t loss);
  /// Whether something that was denied was forgotten since it was asked last.
  bool reopened() { return std::exchange(reopened_, false); }
  /// The outlook of the one promise there is: null where there is another number of them, it has
  /// no date or alternatives, or somebody is overdue.
  Outlook* outlook();
  void begin_plan() { ++plans_; }
  /// How many plans were begun.
  std::uint64_t plans() const { return plans_; }

  const Policy policy;
  Time now;
  const std::shared_ptr<const Cluster> cluster;
  const std::vector<Queue> queues;
  const std::vector<ForeignUse> foreign;
  const std::shared_ptr<const HouseRules> rules;  ///< those that come later as well; may be null
  const SetAsides set_aside;
  Order order;
  const Kinds kinds;
  FreeState free;
  Quotas quotas;  ///< of `held`, and of those who are to leave
  Holdings held;
  /// The plan is at those that are within what is guaranteed to their queues, or to those that
  /// these are parts of, as far down as this (Quotas::depth). They go before others, the deepest
  /// first: who is within a guarantee in a part may stop others who are within one of the whole.
  std::optional<std::size_t> guaranteed_first;
  std::vector<Reserved> reserved;
  std::map<GangId, PromiseMade> promises;  ///< those in force

 private:
  struct ShapeKey {
    const ResourceRequest* request = nullptr;
    bool allow_foreign = false;
    const std::vector<DeviceId>* avoid = nullptr;
    std::uint32_t queue = 0, user = 0;
    bool mps = false;
    bool endless = false;
    bool operator==(const ShapeKey& other) const;
  };
  struct ShapeHash {
    std::size_t operator()(const ShapeKey& key) const;
  };
  /// One request of one user in one queue, as far as these are told apart.
  struct Asked {
    const ResourceRequest* request = nullptr;
    std::uint32_t queue = 0, user = 0;
    bool mps = false;
    bool endless = false;
    bool operator==(const Asked&) const = default;
  };
  struct AskedHash {
    std::size_t operator()(const Asked& asked) const;
  };
  struct ScoresKey {
    std::uint32_t tasks = 1;
    bool allow_foreign = false;
    DeviceRequest devices;
    auto operator<=>(const ScoresKey&) const = default;
  };

  Shape& new_shape(const WaitingGroup& group, const ShapeKey& key);
  void share_scores(Shape& shape);
  void put_in_line(Waits& one);
  void take_out_of_line(Waits& one);
  void reopen(Shape& shape);
  void reopen_if(const std::function<bool(const Shape&)>& may_start);
  bool is_kept(const Allocation& allocation) const;
  /// How many tasks of the shape find room now on this node, by the alternative that finds most.
  std::uint32_t tasks_on(const Shape& shape, std::uint32_t node) const;
  void count_room(const Allocation& allocation, std::int64_t sign);

  bool by_queue_ = false, by_user_ = false;  ///< shapes are told apart by these
  const FreeView all_free_;
  const Rater rater_;
  Patience patience_;
  std::optional<Standings> standings_;  ///< where the policy shares by them
  std::optional<FreeState> empty_;      ///< with everything free; where the policy asks for it
  std::deque<Shape> shapes_;
  /// Those without a limit of time are of other shapes than the rest: they may be where others
  /// would not have ended.
  bool spares_endless_ = false;
  std::unordered_map<ShapeKey, Shape*, ShapeHash> by_content_;
  std::unordered_map<Asked, Shape*, AskedHash> by_request_;  // the quick way, without rules
  std::map<ScoresKey, std::shared_ptr<Scores>> scores_;
  std::vector<Waits> waiting_;
  std::vector<WaitingId> unused_;
  std::map<GangId, WaitingId> by_gang_;  // by the first gang of each group
  std::set<std::pair<OrderKey, Shape*>> heads_;
  std::set<std::pair<OrderKey, Shape*>> open_heads_;
  std::unordered_map<const Shape*, OrderKey> head_of_;
  std::vector<Shape*> denied_;
  std::set<Shape*> counted_;  ///< those with Shape::room
  std::set<HeldId> with_mps_;
  std::multiset<std::uint32_t> being_left_;  ///< nodes, by who was asked to leave them
  bool reopened_ = false;
  std::optional<Outlook> outlook_;
  std::uint64_t plans_ = 0;
};

}  // namespace gangline
