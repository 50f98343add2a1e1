// When a gang is expected to start if every gang runs as long as it may and nobody else comes.
#pragma once

#include <optional>
#include <string>

#include "model/snapshot.h"
#include "schedule/policy.h"

namespace gangline {

/// The most plans made ahead for one forecast.
constexpr std::uint32_t most_steps_ahead = 256;

struct Forecast {
  std::optional<Time> start;  ///< empty: cannot be known
  std::string because;        ///< one clause for people
};

Forecast forecast(Snapshot snapshot, const Policy& policy, GangId gang);

/// The snapshot after its plan was carried out: its starts hold, its promises are in force.
/// When the next rule begins or ends, or something is no longer set aside.
Time limits_change_after(const Snapshot& snapshot, Time at);
/// Forgets what is no longer set aside.
void leave_what_is_over(Snapshot& snapshot);

void carry_out(const Plan& plan, Snapshot& snapshot);

/// The holder at this place has made room for others: its gangs wait again.
void wait_again(std::size_t holder, Snapshot& snapshot);

/// Whether one of the starts is of this gang.
bool starts(const Plan& plan, GangId gang);

}  // namespace gangline
