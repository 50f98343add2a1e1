// The parts of a request's target: "/v1/jobs/7/log?from=0".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gangline {

struct Target {
  std::vector<std::string> path;             ///< decoded: {"v1", "jobs", "7", "log"}
  std::map<std::string, std::string> query;  ///< decoded; the first of equal names
};

/// Empty for one that is no path of ours: not beginning with '/', broken escapes, a NUL.
std::optional<Target> parse_target(std::string_view target);

/// The number under `key`, `otherwise` if it is missing; empty if it is no number up to `most`.
std::optional<std::uint64_t> number_in(const Target& target, const std::string& key,
                                       std::uint64_t otherwise, std::uint64_t most);

/// Whether `key` is there, alone ("?all") or as "?all=true"; programs that were made from the
/// description write "?all=false" for one that is not. Empty if another word stands there.
std::optional<bool> flag_in(const Target& target, const std::string& key);

}  // namespace gangline
