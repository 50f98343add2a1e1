// Looking ahead: when a gang could start, whether another one now would be in its way, and what was
// promised. A promise is a start by a time at the latest. It may only improve, and is given up only
// for a named cause.
#pragma once

#include <optional>
#include <vector>

#include "schedule/desk.h"

namespace gangline {

/// The earliest start from now on and before `before`, with what is kept for others left alone.
///
/// Ends that are known are walked in the order of time. Where these are not enough because somebody
/// without a time limit holds what is needed, `at` is `never`, and the room is that which those who
/// have held longest leave, as few of them as are needed: so the room that is kept can only come
/// nearer, whoever starts in the meantime, and the first in order is never starved.
/// Empty: not before then, or not even when all have ended (a device is away, or in use by somebody
/// outside).
std::optional<Opening> earliest(const Desk& desk, const Shape& shape, std::optional<Span> time,
                                std::optional<Time> before = std::nullopt);

/// What is free now in one plan: all of it, and without what is kept for others.
class RoomNow {
 public:
  explicit RoomNow(Desk& desk) : desk_(desk), all_(desk.free) {}

  /// A start now that is in nobody's way, or who it would delay, or neither: there is no room.
  struct Attempt {
    std::shared_ptr<const Allocation> allocation;
    std::optional<std::size_t> delays;  ///< index in Desk::reserved
    bool reaches_into = false;          ///< what is set aside
    /// Where it delays somebody or reaches into something: with every end after this it would;
    /// `never`: nobody knows.
    Time denied_after{0};
    std::int64_t loss = 0;  ///< of the one promise's tasks, at least so many would have no room
    /// Where the kept room had to move aside for it: all of Desk::reserved, anew.
    std::optional<std::vector<Reserved>> moved;
  };
  /// `own`: the room kept for it, taken off the desk; may be null.
  Attempt attempt(const Waits& waits, const Reserved* own);
  /// Whose start would come later if this one started now, as an index in Desk::reserved; empty:
  /// nobody's, so it is tried again in the next plan.
  std::optional<std::size_t> whom_it_would_delay(const Waits& waits);
  /// What is set aside and leaves it no room: of several the one without which, once those before
  /// it are over, there is some. Empty: nothing does.
  std::optional<SetAsideForOther> what_it_would_reach_into(const Waits& waits) const;
  /// The desk has given this away, to one of this shape.
  void follow(const Allocation& allocation, const Shape& shape);
  /// Something else is kept now.
  void forget() { open_.reset(); }

 private:
  struct Open {
    std::vector<bool> without;  // of Desk::reserved, and behind it of Desk::set_aside
    MpsOf viewer;
    FreeView view;
  };
  Attempt attempt_anywhere(const Waits& waits);
  /// Whose kept room is in the way of one that ends then.
  struct InTheWay {
    std::vector<bool> whose;           // of Desk::reserved, and behind it of Desk::set_aside
    std::optional<std::size_t> first;  // of what is kept
    std::optional<std::size_t> aside;  // the first to begin of what is set aside
    Time after{0};                     // for every later end at least the same
    const Shape* shape = nullptr;      // in whose way
  };
  const FreeView& open_beside(const InTheWay& way);
  /// All that is free for this shape; true until the next call.
  const FreeView& all_for(const Shape& shape) const;
  InTheWay in_the_way(const Shape& shape, Time end) const;
  /// On what its person has reserved, if all of it finds room there; else anywhere.
  std::optional<Allocation> place_own_first(const Shape& shape, const Wanted& wanted,
                                            const FreeView& free) const;
  std::optional<Allocation> place_beside_set_aside(const Wanted& wanted, const InTheWay& way) const;
  /// Of all that is set aside in the way, with which there is no room, the one that decides.
  const SetAside& that_decides(const Wanted& wanted, InTheWay way) const;

  Desk& desk_;
  const FreeView all_;
  mutable std::optional<FreeView> all_of_mps_;
  std::optional<Open> open_;  // the one that was asked last
};

/// Keeps room for each promise in force, earlier where that is possible, and gives up those that
/// cannot hold with the cause. `freed`: something was freed since promises were last looked at.
void keep_promises(Desk& desk, bool freed, Plan& plan);

/// Whether what was freed goes to those who are first in order before older promises improve: they
/// may be of others by now.
bool improves_last(const Policy& policy);

/// Moves kept room forward where that is possible without moving that of others. Where the policy
/// keeps more than room, each in its turn may also become another one at the same time.
void improve_promises(Desk& desk);

/// Keeps room for the first gang of this group that cannot start now, `started` of its gangs being
/// on their way; null if even with all others ended there is none.
const Reserved* keep_room(Desk& desk, WaitingId group, std::uint32_t started);

/// Says which room that is kept was not promised yet, or is better than what was. But gangs of a
/// sweep with nobody behind them are not promised one after the other what nobody could delay, and
/// what nobody can date is no promise.
void tell_promises(const Desk& desk, Plan& plan);

/// The place kept for it, if its time has come and it is free; else null. It is in nobody's way:
/// the places of all others were found around it.
std::shared_ptr<const Allocation> place_due(const Desk& desk, const Reserved& reserved);

/// The room kept for this group, or null.
const Reserved* find_reserved(const Desk& desk, WaitingId group);
/// Takes the room kept for this group off the desk.
std::optional<Reserved> take_reserved(Desk& desk, WaitingId group);
void put_back_reserved(Desk& desk, Reserved reserved);

}  // namespace gangline
