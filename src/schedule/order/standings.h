// How users stand who share the machines: by what they and their queues had, for their shares.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "model/queue.h"

namespace gangline {

/// Queues and users are compared from the top: of two parts of one queue, whoever had less for its
/// share goes before the other with all that is in it, whatever stands below. (The idea is that of
/// Slurm's Fair Tree.) The users of a queue have a share of 1 each, beside those of its parts.
class Standings {
 public:
  Standings(const std::vector<Queue>& queues, const std::vector<UserUse>& used);

  /// Less goes first; equal ones had as much for their shares on each level.
  std::int64_t of(std::uint32_t queue, std::uint32_t user) const;

 private:
  static std::uint64_t both(std::uint32_t queue, std::uint32_t user) {
    return std::uint64_t{queue} << 32 | user;
  }
  std::unordered_map<std::uint64_t, std::int64_t> ranks_;
  std::vector<std::int64_t> of_others_;  ///< by queue: of users who had nothing
};

}  // namespace gangline
