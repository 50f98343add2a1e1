// What queues hold, beside what they may hold and what is guaranteed to them. What a queue holds is
// held by all that it is a part of.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "model/house_rule.h"
#include "model/queue.h"
#include "model/snapshot.h"

namespace gangline {

constexpr Account accounts[] = {Account::devices, Account::cpus, Account::gangs};
/// Those that something can be guaranteed of.
constexpr Account guaranteed_accounts[] = {Account::devices, Account::cpus};

/// What a gang counts for: devices in thousandths, a part of one as that part and a slice as one;
/// or, where it has none, CPUs, of each task whole ones and at least one.
struct Charge {
  std::int64_t devices = 0, cpus = 0, gangs = 1;
  std::int64_t of(Account account) const {
    return account == Account::devices ? devices : account == Account::cpus ? cpus : gangs;
  }
};
Charge charge_of(const Allocation& allocation);
/// The most that it could count for: with alternatives, the most of each account.
Charge charge_of(const ResourceRequest& request);

/// Each queue has a row in which what it holds is counted; behind these, each house rule has one.
class Quotas {
 public:
  /// `rules`: those that hold now.
  explicit Quotas(const std::vector<Queue>& queues, HouseRules rules = {});

  bool has_limits() const { return has_limits_; }
  bool has_guarantees() const { return has_guarantees_; }
  /// Without limits and guarantees nothing need be written down.
  bool is_kept() const { return has_limits_ || has_guarantees_; }
  std::uint32_t rows() const { return static_cast<std::uint32_t>(rows_.size()); }

  /// The queue and those that it is a part of, the nearest first.
  std::span<const std::uint32_t> chain(std::uint32_t queue) const;
  bool is_in(std::uint32_t queue, std::uint32_t whole) const;
  /// The rows in which a gang of this user in this queue counts: the same queues, then rules.
  std::span<const std::uint32_t> rows_of(std::uint32_t queue, std::uint32_t user) const;
  bool is_in_row(std::uint32_t queue, std::uint32_t user, std::uint32_t row) const;
  /// The rule of this row; null: it is a queue's.
  const HouseRule* rule(std::uint32_t row) const;
  /// How many queues this one is a part of.
  std::size_t depth(std::uint32_t queue) const { return chain(queue).size() - 1; }
  /// At which depths something is guaranteed to a queue, the deepest first.
  std::vector<std::size_t> depths_with_guarantees() const;

  void hold(const Holder& holder) { add(holder, 1, 0); }
  void let_go(const Holder& holder) { add(holder, -1, 0); }
  /// It was let go of in a plan that counts on it, and really is held still; `undo`: no longer so.
  void leaves(const Holder& holder, bool undo = false);

  /// It is counted as held already, and comes after others have left. Until `room_is_made`.
  void comes(const Holder& holder);

  /// What is left of a limit only falls while a plan is made: of room that was kept with the most
  /// that the gang may count for, what it does not take is held until the plan is done.
  void keep_rest(const WaitingGroup& group, const Charge& kept, const Allocation& taken);
  void plan_is_done();

  std::int64_t held(std::uint32_t row, Account account) const;
  /// Of that, what is held by those who are about to leave.
  std::int64_t leaving(std::uint32_t row, Account account) const;
  /// Of that, what those will hold who come when others have left.
  std::int64_t coming(std::uint32_t row, Account account) const;
  std::optional<std::int64_t> limit(std::uint32_t row, Account account) const;
  std::optional<std::int64_t> guaranteed(std::uint32_t row, Account account) const;

  /// Room is being made for a gang of this queue within what is guaranteed to it or above.
  void make_room_for(std::uint32_t queue, JobId job);
  void room_is_made();
  /// For whom room is being made within a guarantee that a gang of this queue would use up.
  std::optional<JobId> room_goes_to(std::uint32_t queue) const;

 private:
  using Amount = std::array<std::int64_t, 3>;
  struct Row {
    std::vector<std::uint32_t> chain;
    std::array<std::optional<std::int64_t>, 3> limit, guaranteed;
    Amount held{}, leaving{}, coming{};
  };
  void add(const Holder& holder, std::int64_t held, std::int64_t leaving);
  struct Rest {
    std::uint32_t queue = 0, user = 0;
    Charge charge;
  };
  void add_rest(const Rest& rest, std::int64_t sign);
  void add_rules(const std::vector<Queue>& queues);

  std::vector<Row> rows_;
  bool has_limits_ = false, has_guarantees_ = false;
  HouseRules rules_;
  /// By queue and user; of users whom no rule concerns alone, one entry with `nobody`.
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<std::uint32_t>> rows_of_;
  std::vector<std::pair<std::uint32_t, JobId>> coming_;  ///< by queue with a guarantee
  std::vector<Rest> rests_;
};

/// Says why a gang of this queue with this request could never start: it wants more than a limit
/// allows. Empty: it may.
std::optional<Error> exceeds_limit(const std::vector<Queue>& queues, std::uint32_t queue,
                                   const ResourceRequest& request);
/// The same with the quotas of these queues, and for this user with rules that last.
std::optional<Error> exceeds_limit(const Quotas& quotas, const std::vector<Queue>& queues,
                                   std::uint32_t queue, std::uint32_t user,
                                   const ResourceRequest& request);

/// "1.5 devices", "3 cpus", "2 gangs".
std::string quota_text(Account account, std::uint64_t amount);

}  // namespace gangline
