// A control group of version 2 that belongs to a user who is not root: one that somebody has handed
// over already, or a scope that the user's own systemd makes.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace gangline {

/// What is true of the group that a launcher finds itself in.
struct DelegationTerms {
  bool from_systemd = false;         ///< this process was started in a scope that was asked for
  bool others_may_be_in_it = false;  ///< then some controllers cannot be had
};

/// Moves this process into a leaf of its own group, so that groups of tasks can be made beside it;
/// and with it all that runs this program there, since controllers are not given to groups below
/// one that holds processes. An Error says why the group is none to use; nothing was done then.
Result<void> enter_delegated_group(const std::string& root, const DelegationTerms& terms);

/// Whether this process, which is not root, stands in such a leaf, and groups can be made beside
/// it.
bool in_delegated_group(const std::string& root);

/// Runs `words` in a scope of this user's systemd, with a group that is handed over to it, and
/// waits for its end: success is code 0. An Error says in one line why not; nothing of it runs any
/// more then. What `words` writes to its standard error is lost.
Result<void> run_in_scope(const std::vector<std::string>& words, const std::string& root,
                          Span longest);

}  // namespace gangline
