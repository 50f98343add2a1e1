// How a split looks at files. A fake stands in for them in tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace gangline {

struct FileFacts {
  Bytes size{0};
  Time modified{0};
  auto operator<=>(const FileFacts&) const = default;
};

/// Errors of all three come without a `where`.
struct SplitFiles {
  /// The files and folders that match, sorted by their bytes. Those of a relative pattern are
  /// looked for in `directory` and are told relative to it. Refuses more than `most`.
  std::function<Result<std::vector<std::string>>(const std::string& pattern,
                                                 const std::string& directory, std::size_t most)>
      matching;
  /// Of a regular file; refuses everything else.
  std::function<Result<FileFacts>(const std::string& path)> facts;
  /// At most `most` bytes from an offset on; fewer only at the end of the file.
  std::function<Result<std::string>(const std::string& path, std::uint64_t from, std::size_t most)>
      read;
};

// Limits on looking.
constexpr std::size_t most_names_looked_at = 4'000'000;  ///< in all folders together
constexpr std::size_t deepest_pattern = 64;              ///< parts between '/'

/// The real ones. A pattern that looks at more than `most_names` names is refused.
SplitFiles files_of_this_machine(std::size_t most_names = most_names_looked_at);

}  // namespace gangline
