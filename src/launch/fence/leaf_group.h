// Where a launcher for all stands among control groups of version 2.
#pragma once

#include <string>

#include "base/result.h"

namespace gangline {

/// The last part of the path of the group that such a launcher is in itself; groups of tasks are
/// made beside it.
constexpr const char* leaf_group = "gangline-leaf";

/// Moves this process, which is root, into a leaf: controllers are not given to groups below one
/// that holds processes. A service of systemd has its own group for that (Delegate); else one is
/// made at the top. Does nothing where there is no version 2, or this was done before.
Result<void> enter_leaf_group(const std::string& root = "");

/// Takes away the one at the top, once nothing is in it.
void remove_leaf_group(const std::string& root = "");

}  // namespace gangline
