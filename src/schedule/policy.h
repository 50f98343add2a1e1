// A policy is a row in a table: who goes first, where it fits best, who may overtake, how many are
// promised a start.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "model/settings.h"

namespace gangline {

/// Who goes first. Equal ones go as they came.
enum class GoesFirst : std::uint8_t {
  arrival,   ///< higher priority first
  ageing,    ///< the same, but Policy::ages worth of waiting makes up for one of priority
  shortest,  ///< higher priority first, then who has the least time limit; without one, last
  smallest,  ///< higher priority first, then who wants the fewest devices, then the fewest CPUs
  fewest_devices,  ///< higher priority first, then who wants the fewest devices
  remaining,  ///< … then who is foretold to run the shortest from now; of whom nothing is, last
  remaining_work,    ///< … then the same times its devices
  attained,          ///< … then who ran the least so far, by Policy::levels
  attained_work,     ///< … then the same times its devices
  attained_in_line,  ///< … then as attained_work, but in a level those first who came there first
  gittins,  ///< … then as attained_work, and within a level who is likeliest to end for its work
  least_work,  ///< … then who has waited beyond all patience (order/patience.h), as they came; then
               ///< who is foretold the least run time times its devices
  /// Those within what is guaranteed to their queue, then all others: each time whose user and
  /// queue had the least for their shares (order/standings.h), then higher priority first.
  fair_share,
};

/// Who may be stopped so that another one can start. It waits again.
enum class MayStop : std::uint8_t {
  nobody,
  lower_priority,  ///< those of lower priority than it; the lowest first, then by least work lost
  later,           ///< those that the policy says go after it, not equal ones; the last first
  behind,          ///< the same, and of equal ones those that came after it
  chosen_anew,  ///< all are put in order in each plan, and who has no room left there is stopped;
                ///< nothing starts before these have left
  /// For one within what is guaranteed to its queue: those whose queue holds more than is
  /// guaranteed to it, as far down to that as whole gangs allow; the least work lost first.
  borrowers,
};

/// Where a gang fits best. All but the first two rate nodes for one task at a time
/// (rate/rules.cpp).
enum class Place : std::uint8_t {
  pack,         ///< near each other, breaking as little as can be for those to come
  consolidate,  ///< the same, but over no more nodes than an empty cluster would need, or it waits
  first,        ///< the first node with room
  best,         ///< where the least is left over
  worst,        ///< where the most is left over
  dot_product,  ///< where what is free is least like what is wanted
  packing,      ///< devices that are in use first, then nodes that are
  clustering,   ///< where tasks of as many devices are
  fragmentation,  ///< where the least becomes useless to what is usually asked for
  gang,      ///< where the most stays of use to it, less what becomes useless; gangs of several
             ///< tasks go near each other, as with `pack`
  random,    ///< anywhere
  roomiest,  ///< as many tasks as can be on the node with the most room, then on the next
};

/// What a promised start keeps free.
enum class Keeps : std::uint8_t {
  room,      ///< enough, wherever that is: it moves aside for others who leave enough
  counted,   ///< the same as textbooks have it: of those who end just when there is enough, no more
             ///< than are needed count, so that others are left less beside it
  machines,  ///< these very machines: the first that are free for long enough, chosen anew in each
             ///< plan and never later
};

struct Policy {
  std::string_view name;
  GoesFirst goes_first = GoesFirst::arrival;
  Place place = Place::pack;
  bool overtake = false;  ///< may a gang start before one that goes first, if it delays no promise
  std::uint32_t promises = 0;  ///< how many of the first that wait are promised a start
  Keeps keeps = Keeps::room;   ///< for those
  bool oracle = false;         ///< goes by run times that nobody knows beforehand: for simulations
  std::uint64_t seed = 42;     ///< of Place::random
  Span ages = hours(1);        ///< of GoesFirst::ageing
  Span patience = hours(3);    ///< of GoesFirst::least_work, while few wait
  MayStop stops = MayStop::nobody;
  /// Of GoesFirst::attained: all who ran less than the first go before those who ran less than the
  /// second, and so on (Tiresias, NSDI'19: discretised two-dimensional least attained service).
  std::array<Span, 2> levels{seconds(3'250), seconds(7'200)};
  /// Plans are made at whole multiples of this alone, and what happens counts from the next; 0: as
  /// soon as something happens.
  Span rounds{0};
};

/// Goes by how long gangs will run.
constexpr bool goes_by_run_time(const Policy& policy) {
  return policy.goes_first == GoesFirst::remaining ||
         policy.goes_first == GoesFirst::remaining_work ||
         policy.goes_first == GoesFirst::least_work;
}

/// All rows; the first is taken where none is named.
std::span<const Policy> policies();
std::optional<Policy> find_policy(std::string_view name);

/// The row with these settings. An Error names the first that is none of this policy.
Result<Policy> with(Policy row, const PolicySettings& settings);
/// Those of the settings that the row has.
PolicySettings only_those_of(const Policy& row, PolicySettings settings);
/// Its name, with what is set otherwise than in its row: "easy promises=4".
std::string title_of(const Policy& policy);

}  // namespace gangline
