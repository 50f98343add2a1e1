// How a launcher that is root goes over to a newer program, as `gang daemon install` or a package
// puts it in place, while gangs run: the launcher ends, its guardian has its tasks, as if it had
// been killed, and becomes the new program before it starts the next launcher.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "os/fd.h"

namespace gangline {

/// Whether another file than this process's own stands at `program`, which only root can change.
/// Empty: there is nothing to go over to.
bool is_renewed(const std::string& program);

/// Whether that program runs at all, and knows how to take over.
bool can_take_over(const std::string& program);

/// This process becomes it, with its children and these two open. Returns where the system refuses.
void become_renewed(const std::string& program, Fd& lock, Fd& listener);

/// What such a program is told, after "internal-launcher": "--take-over 1", then nothing (it only
/// says that it could) or both descriptors.
struct TakeOver {
  int lock = -1, listener = -1;
  bool only_asked() const { return lock < 0; }
};
/// Empty: these words are no such order.
std::optional<TakeOver> parse_take_over(const std::vector<std::string>& words);

}  // namespace gangline
