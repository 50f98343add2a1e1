// The starter as a file, which the build puts into `gang`.
#pragma once

#include <string_view>

namespace gangline {

/// Empty: there is none for this processor.
std::string_view starter_bytes();

}  // namespace gangline
