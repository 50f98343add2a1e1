// Limits beside those of queues: on one person, or on everybody for a while.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "model/queue.h"

namespace gangline {

/// The gangs that it concerns hold no more at once. Who holds more when it comes into force goes
/// on.
struct HouseRule {
  std::optional<std::uint32_t> user = {};   ///< WaitingGroup::user; empty: it concerns everybody
  std::optional<std::uint32_t> queue = {};  ///< index in Snapshot::queues; empty: all of them
  bool with_parts = true;                   ///< gangs of the parts of that queue as well
  QueueAmounts most = {};
  std::optional<std::uint32_t> gangs = {};  ///< that run at once; 0: none starts
  Time from{0}, until = never;
  std::string says = {};  ///< a clause for people: "anna may hold 2 devices at once"
  bool operator==(const HouseRule&) const = default;

  bool holds_at(Time at) const { return from <= at && at < until; }
  /// It does not end: who wants more at once can never start.
  bool lasts() const { return until == never && gangs != 0; }
};

using HouseRules = std::vector<HouseRule>;

/// Some of them concern one person alone.
inline bool tells_users_apart(const HouseRules& rules) {
  for (const HouseRule& rule : rules)
    if (rule.user) return true;
  return false;
}

/// Those that hold at this time.
inline HouseRules rules_at(const HouseRules* rules, Time at) {
  HouseRules now;
  if (rules == nullptr) return now;
  for (const HouseRule& rule : *rules)
    if (rule.holds_at(at)) now.push_back(rule);
  return now;
}

/// When the next of them begins or ends.
inline Time rules_change_after(const HouseRules* rules, Time at) {
  Time next = never;
  if (rules == nullptr) return next;
  for (const HouseRule& rule : *rules)
    for (const Time change : {rule.from, rule.until})
      if (change > at && change < next) next = change;
  return next;
}

}  // namespace gangline
