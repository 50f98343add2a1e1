// What is set aside for a time: for a person who reserved it, or for nobody (maintenance).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "model/allocation.h"

namespace gangline {

/// Nobody but its user starts there who would not have ended before `from`; what runs goes on.
struct SetAside {
  Time from, until;
  std::optional<std::uint32_t> user;       ///< WaitingGroup::user; empty: nobody uses it
  std::shared_ptr<const Allocation> what;  ///< never null
  std::string says;  ///< for people: "reservation 3 of anna, 2026-12-01 18:00 to 20:00"
  bool spares_unlimited = false;  ///< those without a limit of time may be there all the same
  bool operator==(const SetAside& other) const {
    return from == other.from && until == other.until && user == other.user &&
           spares_unlimited == other.spares_unlimited && says == other.says && *what == *other.what;
  }

  /// Whether it stands in the way of somebody who is there between these times.
  bool meets(std::optional<std::uint32_t> of, Time begin, Time end) const {
    if (spares_unlimited && end == never) return false;
    return (!user || user != of) && from < end && begin < until;
  }
};

using SetAsides = std::vector<SetAside>;

}  // namespace gangline
