// Somebody who asks, as the kernel says of the process that does. A service for several people
// starts what they submit as them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gangline {

/// As of setrlimit: `resource` is its number on this system; -1: no limit.
struct ProcessLimit {
  std::uint32_t resource = 0;
  std::int64_t soft = -1, hard = -1;
  bool operator==(const ProcessLimit&) const = default;
};

struct Person {
  std::uint32_t uid = 0, gid = 0;
  std::vector<std::uint32_t> groups;  ///< supplementary ones
  std::uint32_t umask = 022;
  std::vector<ProcessLimit> limits;  ///< of the process that submitted
  bool operator==(const Person&) const = default;
};

}  // namespace gangline
