// The end of an interactive shell at which the person sits.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/units.h"

namespace gangline {

struct JoinShell {
  std::string path;   ///< of the socket
  Time ends = never;  ///< the end of its time, so that it can tell of it beforehand
};

/// How a connection to a shell came to its end.
struct ShellLeft {
  std::optional<int> code;  ///< the shell's exit code; empty: the connection was lost before
  int signal = 0;           ///< the signal that told this process to end; 0: none did
};

/// Passes on what is typed and shown until the shell ends or a signal (HUP, TERM, INT) tells this
/// process to. The terminal is put back as it was in each case. Errors: unavailable, nobody listens
/// there (yet); refused, somebody else is connected; denied, it is not this user's.
Result<ShellLeft> join_shell(const JoinShell& shell);

}  // namespace gangline
