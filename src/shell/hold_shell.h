// The end of an interactive shell at which its programs run: a task of a gang that holds a
// pseudo-terminal, so that these have all that the gang has, its fences too, and no more.
#pragma once

#include <string>
#include <vector>

#include "base/units.h"

namespace gangline {

struct HoldShell {
  std::string path;                ///< of the socket on which its person is waited for
  std::vector<std::string> words;  ///< the program; never empty
  Span longest_idle{0};            ///< 0: it may be idle for as long as it likes
  /// For so long nobody need be connected: before the first comes, after a connection was lost.
  Span longest_alone = seconds(60);
};

/// Told to end, programs have so long before they are killed.
constexpr Span longest_hang_up = seconds(3);
constexpr int code_of_lost = 129;  ///< nobody was connected any more
constexpr int code_of_told = 143;  ///< it was stopped, or its time was up

/// Starts the program once somebody of this user has connected, and returns its exit code, 128 and
/// the signal where one ended it. 0: it was idle for too long; code_of_lost; code_of_told.
int hold_shell(const HoldShell& shell);

}  // namespace gangline
