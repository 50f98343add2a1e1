// `gang record`: the machine into a file, and back out of one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace gangline {

/// The text of a recording of this machine over `span`, made by a process of its own.
Result<std::string> record_machine(Span span, const std::function<bool()>& interrupted);
/// What is in the file, a line each.
Result<std::vector<std::string>> summary_of_recording(const std::string& path);
/// Makes the recorded machine in a directory that is new or empty. The settings of the environment
/// with which `gang` sees it.
Result<std::vector<std::string>> unpack_recording(const std::string& path,
                                                  const std::string& directory);

/// `gang internal-record --for MICROSECONDS`.
int run_internal_record(const std::string& microseconds);

}  // namespace gangline
