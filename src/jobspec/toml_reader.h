// TOML to a tree of what was written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "jobspec/written.h"

namespace gangline {

// Limits on a file, so that its tree is neither deep nor large, whatever it holds.
constexpr std::size_t deepest_nesting = 32;   ///< lists and tables in each other
constexpr std::size_t longest_key_path = 16;  ///< parts of a.b.c
constexpr std::size_t most_dotted_keys = 10'000;
constexpr std::size_t most_values_in_a_file = 2 << 20;  ///< counted by commas and '='

/// Bounds depth and number of values before anything recursive looks at `text`. What is no TOML may
/// pass.
Result<void> check_toml_limits(std::string_view text, const std::string& file_name);

/// A table. Fails with `ErrorKind::usage` and the place of the first mistake.
Result<Written> read_toml(std::string_view text, const std::string& file_name);

}  // namespace gangline
