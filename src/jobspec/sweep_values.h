// Ranges of whole numbers: "1..8", "0..100 step 10".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gangline {

/// Whether `text` has the form of a range, well written or not.
bool looks_like_range(std::string_view text);

/// All numbers of the range, both ends included. "01..10" keeps its width: 01, 02, …, 10. Refuses,
/// without a `where`, what runs backwards and what holds more than `most_gangs_in_a_job` numbers.
Result<std::vector<std::string>> range_values(std::string_view text);

}  // namespace gangline
