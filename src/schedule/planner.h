// Plans one after the other on a world that changes bit by bit: each costs what changed since the
// one before. What it plans is what make_plan plans on a snapshot of the same world.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "model/snapshot.h"
#include "schedule/desk.h"
#include "schedule/policy.h"

namespace gangline {

class MakingWay;
class RoomNow;
class ShutQueues;

class Planner {
 public:
  Planner(const Snapshot& snapshot, const Policy& policy);
  ~Planner();
  Planner(const Planner&) = delete;
  Planner& operator=(const Planner&) = delete;

  // What happened. Groups and holders go by their job and the first of their gangs.

  /// A group waits, or waits in another way than before.
  void waits(const WaitingGroup& group);
  void no_longer_waits(JobId job, std::uint32_t first);
  /// Of an allocation that is held already: who holds it now, and until when.
  void holds(const Holder& holder);
  void lets_go(JobId job, std::uint32_t first);
  void promised(const PromiseMade& made) { desk_.promises[made.gang] = made; }
  void promise_is_over(GangId gang);
  /// What users had by now; see Snapshot::used.
  void used(const std::vector<UserUse>& used) { desk_.share_by(used); }

  /// How much it has found out so far. Grows with each new request and arrangement of free devices.
  std::size_t remembered() const { return desk_.remembered(); }

  /// What starts now and what is promised, without `waits`. A wish: what of it does not happen
  /// (`holds`, `promised`) before the next plan is taken back then.
  Plan plan(Time now);

  /// Why each gang waits that the newest plan does not start, in the order in which they may.
  std::vector<Wait> reasons();
  /// The same of one group; empty: it does not wait or is about to start.
  std::optional<Wait> reason_of(JobId job, std::uint32_t first);
  /// The same of the first in order that waits for room; empty: nobody does.
  std::optional<Wait> first_reason();
  /// Jobs of which groups wait, each once, in the order in which the first of these may start.
  std::vector<JobId> in_order() const;

 private:
  class Walk;

  /// How many gangs of a group have room: at once, and when others have left.
  struct Found {
    std::uint32_t started = 0, coming = 0;
    bool lacks_quota = false;  ///< what stopped it was not a lack of room
  };
  void look_at_promises(Plan& plan);
  void go_through_all(Plan& plan);
  void promise_those_before(const OrderKey& place);
  bool may_be_tried(const Shape& shape, const OrderKey& place) const;
  std::uint32_t started_before(WaitingId id) const;
  Found start_what_fits(const Waits& waits, std::uint32_t before, Plan& plan);
  bool has_quota(const Shape& shape, bool over_limit) const;
  void start(const Waits& waits, std::uint32_t started,
             std::shared_ptr<const Allocation> allocation, Plan& plan);
  std::uint32_t take_turns(const Waits& waits, std::uint32_t before, std::uint32_t started,
                           Plan& plan);
  void take_back_wishes();
  std::optional<Wait> wait_of(WaitingId id);
  Blocker why_not_now(const Waits& waits);

  Desk desk_;
  std::unique_ptr<RoomNow> room_;
  std::unique_ptr<MakingWay> making_way_;
  std::unique_ptr<ShutQueues> shut_;
  std::vector<HeldId> wishes_;  ///< starts of the newest plan that did not come true yet
  std::vector<std::pair<WaitingId, std::uint32_t>> started_;  ///< gangs of each group, ascending
  /// The same of those within what is guaranteed to their queues, while all others are gone
  /// through.
  std::unordered_map<WaitingId, std::uint32_t> started_first_;
  std::optional<OrderKey> first_that_waits_;
  bool freed_ = true;    ///< since the newest plan …
  bool changed_ = true;  ///< … or taken, not by it
};

}  // namespace gangline
