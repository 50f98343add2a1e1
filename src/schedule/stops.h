// Room that others make: who must be stopped so that a gang can start that goes before them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "schedule/desk.h"

namespace gangline {

/// Who is asked to leave may take so long before others can start in its place. Those who come are
/// reckoned to end so much later, or promises that were made around them would not let them start.
constexpr Span time_to_leave = seconds(30);

struct RoomOfOthers {
  std::shared_ptr<const Allocation> allocation;  ///< never null
  std::vector<HeldId> leave;                     ///< those that must be gone before
};

/// The fewest of those that the policy stops for a gang of this group that leave it a place until
/// `end` beside what is kept for others. Those that were asked to leave already cost nothing.
/// Empty: there is none even without all of them.
std::optional<RoomOfOthers> room_of_others(const Desk& desk, const Waits& waits, Time end);

/// What a plan counts on: that some who hold have left, and others have their room. It is so on the
/// desk until `undo`.
class MakingWay {
 public:
  explicit MakingWay(Desk& desk) : desk_(desk) {}

  /// Whether somebody leaves or may be stopped for one who stands there: then it is worth asking.
  bool may_help(const Standpoint& point);
  /// Asks others to leave for this gang, the one after the first `before` of its group, and keeps
  /// the room for it until `end`. `kept`: what is kept for its group is off the desk. False, and
  /// nothing is changed: that would not help.
  bool ask_for(const Waits& waits, std::uint32_t before, Time end, bool kept, Plan& plan);
  /// Keeps room for the gang that is not free before others have left.
  void keep(const Waits& waits, std::uint32_t before, std::shared_ptr<const Allocation> allocation,
            Time end);
  /// Whether something of it, for one whom this MPS serves, is held by those who are to leave.
  bool is_needed_for(const Allocation& allocation, MpsOf of) const;
  /// MayStop::chosen_anew: asks those to leave that have no room in the order of now.
  void choose_anew(Plan& plan);
  /// Starts of this plan wait until those have left who are to leave.
  void keep_starts(std::vector<HeldId>& starts,
                   const std::vector<std::pair<WaitingId, std::uint32_t>>& groups);
  bool for_nobody() const { return leaving_.empty(); }
  bool keeps_some_for(WaitingId group) const { return groups_.contains(group); }
  /// `for_others`: for one for whom nobody was asked to leave.
  MakingRoom blocker(bool for_others = false) const;
  /// They have not left yet. False: nobody was to.
  bool undo();

 private:
  Desk& desk_;
  std::vector<Holder> leaving_;
  std::vector<HeldId> coming_;
  std::set<WaitingId> groups_;  ///< of those who are coming
  // What was found out in the plan that is being made. Going through the order, ever fewer may be
  // stopped, so what did not help one does not help those behind it.
  std::uint64_t plan_ = 0;
  std::optional<Standpoint> last_;        ///< the greatest of those who may be stopped
  bool some_leave_ = false;               ///< some were asked in a plan before
  std::map<const Shape*, Time> no_help_;  ///< for one of this shape that ends then or later
};

}  // namespace gangline
