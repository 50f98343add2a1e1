// What is wrong with the options of `gang simulate` whatever its files hold: told before any of
// them is read.
#pragma once

#include <string>
#include <vector>

#include "cli/simulate.h"

namespace gangline {

/// The names in what --policy says: "easy,fifo" and "fgd" are three. Errors: a name that is empty
/// or stands twice.
Result<std::vector<std::string>> names_of_policies(const std::vector<std::string>& texts);
/// "fifo, easy, …": all that there are.
std::string all_policies();

/// Errors: a number that cannot be meant, a file that is named twice or cannot be written.
Result<void> check_options(const SimulateOptions& options, const Output& out,
                           const CommandWorld& around);

}  // namespace gangline
