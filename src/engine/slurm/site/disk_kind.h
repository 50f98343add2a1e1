// Which kind of file system a directory is on.
#pragma once

#include <string>
#include <string_view>

namespace gangline {

/// `mounts`: /proc/self/mountinfo (proc_pid_mountinfo(5)). `path`: absolute, without links. "nfs4",
/// "ext4"; empty: it is not told.
std::string disk_kind_of(std::string_view mounts, std::string_view path);

}  // namespace gangline
