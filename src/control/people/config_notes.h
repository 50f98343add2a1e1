// What stands in the config file, is no mistake, and does nothing all the same: limits of a person
// whom the machine does not know, maintenance that is over.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/world.h"
#include "model/house.h"

namespace gangline {

class ConfigNotes {
 public:
  /// A sentence each. Asks the machine for names at most once in five minutes, and then for no
  /// longer than a blink: a directory of people on the network may not answer.
  const std::vector<std::string>& of(const House& house, World& world);

 private:
  std::optional<Time> asked_;
  std::vector<std::string> notes_;
};

}  // namespace gangline
