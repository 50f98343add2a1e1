// Where the launcher of a user who is not root stands among control groups.
#pragma once

#include <string>
#include <vector>

namespace gangline {

struct StandWish {
  std::string root;                ///< "" but in tests
  bool in_scope = false;           ///< this process was started by `words`, in a scope of its own
  std::vector<std::string> words;  ///< what starts it once more, in a scope
};

struct LauncherStand {
  bool started_in_scope = false;  ///< `words` did their work, and this process is not needed
  std::string why_no_group;       ///< why gangs get no groups, or not all of them; empty: they do
};

/// Takes the group that was handed over to this user, where there is one, or else asks the user's
/// systemd for one. Waits for it no longer than `longest_ask`.
LauncherStand take_standing(const StandWish& wish);

}  // namespace gangline
