// Programs of the system that set up users and services.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace gangline {

/// Runs a program of the system's own directories and waits for it. An Error with its last words
/// where it ends with another code than 0, ErrorKind::not_found where there is none.
Result<void> run_tool(const std::vector<std::string>& words);

}  // namespace gangline
