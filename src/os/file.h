// Files and directories. Every error names the path and what the system said.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "os/fd.h"

namespace gangline {

/// An Error from errno: "cannot open /x: No space left on device", of kind disk, denied, not_found
/// or unavailable, with a hint where there is one to give.
Error system_error(const std::string& doing, const std::string& path, int number);

/// At most `most` bytes; a larger file is an Error. Works on /proc and /sys, where sizes lie.
Result<std::string> read_file(const std::string& path, std::size_t most = 16 << 20);
/// Whole or not at all, also over a crash of the machine: written beside, synced, renamed.
Result<void> write_file(const std::string& path, std::string_view bytes, unsigned mode = 0600);
/// All bytes, whatever signals and short writes do.
Result<void> write_all(int fd, std::string_view bytes, const std::string& path);
/// Opens with O_CLOEXEC added.
Result<Fd> open_file(const std::string& path, int flags, unsigned mode = 0600);

/// Makes the directory and its parents. The last one must then belong to this user, be no link and
/// be closed to others (mode 0700), else an Error: others could plant files in it.
Result<void> make_private_directory(const std::string& path);
Result<void> make_directories(const std::string& path, unsigned mode = 0755);

/// An exclusive lock that vanishes with its holder; empty if somebody else holds it.
Result<Fd> try_lock(const std::string& path);

/// Whether what was opened is still what stands at the path: false once it was deleted or replaced.
bool is_at(const Fd& file, const std::string& path);

}  // namespace gangline
