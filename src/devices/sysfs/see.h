// The one door through which this room looks at files of the kernel, so that what it saw can be
// written down (witness.h).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace gangline {

/// As read_file: at most `most` bytes, more is an Error; works where sizes lie.
Result<std::string> see_file(const std::string& path, std::size_t most = 16 << 20);
/// Entries of one directory that are looked at; the kernel never has more where we look.
constexpr std::size_t most_entries = 8192;

/// What the entries of a directory are called, in order; at most `most` of them.
Result<std::vector<std::string>> see_directory(const std::string& path,
                                               std::size_t most = most_entries);
Result<std::string> see_link(const std::string& path);
/// Whether this user may do that with it: R_OK, W_OK of access(2).
Result<void> see_access(const std::string& path, int mode);

/// A directory in which many small files or links are looked at: opened once, so that the kernel
/// does not walk the whole path for each.
class SeenDirectory {
 public:
  explicit SeenDirectory(const std::string& path);
  /// As see_file of "<path>/<name>", of a file of sysfs. Larger than `most`, a page at most, is an
  /// Error.
  Result<std::string> file(const std::string& name, std::size_t most) const;
  Result<std::string> link(const std::string& name) const;

 private:
  std::string path_;
  Fd directory_;
};

}  // namespace gangline
