// Which processes there are and to which gang they belong, read from /proc.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/units.h"
#include "os/fd.h"

namespace gangline {

struct ProcessEntry {
  std::int64_t pid = 0;
  std::int64_t parent = 0;
  std::int64_t group = 0;
  std::int64_t session = 0;
  Span started{0};  ///< since boot, as exact as the kernel's clock tick
  bool zombie = false;
  /// Of a zombie, as wait() would say it to its parent. Empty where the kernel does not tell us.
  std::optional<int> wait_status;
};

std::optional<ProcessEntry> read_process(std::int64_t pid);
std::vector<ProcessEntry> all_processes();
/// Direct children, also those taken over from a parent that died. Empty where the kernel does not
/// tell.
std::vector<std::int64_t> children_of(std::int64_t pid);
/// A variable of the environment that a process was started with.
std::optional<std::string> start_variable(std::int64_t pid, const std::string& name);

/// A process by its number and by when it was made, since numbers are given again.
struct ProcessMark {
  std::int64_t pid = 0;
  Span made_after{0};  ///< since boot
  Span made_before{0};
};
bool is_there(const ProcessMark& mark);

/// How the process `pid` of this `pidfd` ended, as wait() would say it to its parent, who we need
/// not be. Empty while it lives, and on kernels before 6.15, where only a parent is certain to be
/// told. Also empty for a zombie of another user, until its parent has let go of it (POLLHUP).
std::optional<int> wait_status_of(int pidfd, std::int64_t pid);

/// All processes of a gang: those in the sessions that its tasks lead, all that descend from them,
/// and those that were started with its GANG_ID. No zombies.
std::vector<ProcessEntry> processes_of_gang(std::span<const ProcessMark> tasks,
                                            const std::string& gang_id);

/// The children of this process, read again and again.
class ChildList {
 public:
  ChildList();
  std::vector<std::int64_t> read() const;

 private:
  Fd file_;
};

}  // namespace gangline
