// The nodes of a gang under switches the plain way: by the names of their places alone.
#pragma once

#include <string>

#include "schedule/place/wanted.h"

namespace gangline::worlds {

/// `wrong`: in what `found` is another place than the rule of place/near_nodes.h says, else
/// untouched.
void check_near(const Wanted& wanted, const FreeView& free, const std::optional<Allocation>& found,
                std::string& wrong);

}  // namespace gangline::worlds
