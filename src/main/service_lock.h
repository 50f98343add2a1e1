// The lock file of a state directory says who holds it, so that a command with another runtime
// directory finds the one service there is.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "main/places.h"
#include "os/fd.h"

namespace gangline {

/// What the holder of the lock wrote. Old where nobody holds it; empty fields: not known.
struct LockHolder {
  std::int64_t pid = 0;
  std::string machine;  ///< host name, since `pid` means nothing on another one
  std::string socket;   ///< where it listens; empty: not yet
};

std::string lock_path(const Places& places);
/// By its holder alone. A disk too full for it keeps nobody from serving.
void write_holder(const Fd& lock, const std::string& socket);
LockHolder read_holder(const Places& places);
/// Whether that process is one of this machine and has not ended.
bool may_run(const LockHolder& holder);
/// Whether it said that it is on another machine, which shares the directory with this one.
bool is_elsewhere(const LockHolder& holder);

/// Connects to the user's own service: at its usual place, else where its lock file says, if a
/// process of this user listens there.
Result<Fd> connect_own(const Places& places);
/// For one that has the lock and does not answer.
Error runs_out_of_reach(const Places& places);

}  // namespace gangline
