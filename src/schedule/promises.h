// Looking ahead: when a gang could start, whether another one now would be in its way, and what was
// promised. A promise is a start by a time at the latest. It may only improve, and is given up only
// for a named cause.
#pragma once

#include <optional>
#include <vector>

#include "schedule/desk.h"
#include "schedule/policy.h"

namespace gangline {

/// The earliest start from now on, with what is kept for others left alone.
///
/// Ends that are known are walked in the order of time. Where these are not enough because somebody
/// without a time limit holds what is needed, `at` is `never`, and the room is that which those who
/// have held longest leave, as few of them as are needed: so the room that is kept can only come
/// nearer, whoever starts in the meantime, and the first in order is never starved.
/// Empty: not even when all have ended (a device is away, or in use by somebody outside).
std::optional<Opening> earliest(Desk& desk, const Shape& shape, std::optional<Span> time);

/// A start now that is in nobody's way, or who it would delay, or neither: there is no room.
struct Attempt {
  std::optional<Allocation> allocation;
  std::optional<std::size_t> delays;  ///< index in Desk::reserved
  /// Where the kept room had to move aside for it: all of Desk::reserved, anew.
  std::optional<std::vector<Reserved>> moved;
};
Attempt try_now(Desk& desk, const Shape& shape, Time end);

/// Keeps room for each promise in force, says which improved, and gives up those that cannot hold
/// with the cause.
void keep_promises(Desk& desk, const Policy& policy, Plan& plan);

/// Keeps room for the gang `first` of the waiting group `group`, which cannot start now; null if
/// even with all others ended there is none. Where its start is known, that is promised; but gangs
/// of a sweep with nobody behind them are not promised one after the other what nobody could delay.
const Reserved* keep_room(Desk& desk, const Shape& shape, std::size_t group, std::uint32_t first,
                          bool somebody_behind, Plan& plan);

/// The room kept for this group, or null.
const Reserved* find_reserved(const Desk& desk, std::size_t group);
/// Takes the room kept for this group off the desk.
std::optional<Reserved> take_reserved(Desk& desk, std::size_t group);
void put_back_reserved(Desk& desk, Reserved reserved);

}  // namespace gangline
