// Whose process is it? Read from <root>/proc.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "model/cluster.h"

namespace gangline {

/// Remembers the owners of processes from one reading to the next, since the same few hundred
/// processes stay on the devices for hours.
class ProcessOwners {
 public:
  explicit ProcessOwners(std::string root) : root_(std::move(root)) {}

  /// Sets `user` and `command` as far as they can be known.
  void name(DeviceProcess& process);
  /// Forgets the processes that `name` was not asked for since the last time.
  void forget_others();

 private:
  struct Owner {
    std::string user;
    std::string command;
  };
  Owner read(std::int64_t pid);
  std::string user_name(std::uint32_t uid);

  std::string root_;
  std::map<std::int64_t, Owner> now_, before_;
  std::map<std::uint32_t, std::string> users_;
};

}  // namespace gangline
