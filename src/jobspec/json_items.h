// The items of a JSON list, one for each gang.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gangline {

constexpr std::size_t deepest_json = 64;  ///< lists and objects in each other

/// A text stands for itself, all else for its JSON without spaces; numbers with a fraction keep the
/// digits they were written with. Refuses more than `most` items. Errors are to stand behind the
/// name of the file: ": it holds …", or where the place in `text` is known " at 3:7: …".
Result<std::vector<std::string>> json_items(std::string_view text, std::size_t most);

}  // namespace gangline
