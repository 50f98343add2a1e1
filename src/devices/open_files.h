// Who has a device file open: for devices whose driver does not tell who uses them.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace gangline {

/// Finds by <root>/proc/<pid>/fd, which the kernel shows of a user's own processes, and of all to
/// root. To look at all that runs each second would cost much, so a process that is new is looked
/// at at once, and of those that had a file open and of the others some each time, in turn.
class OpenFiles {
 public:
  struct Holder {
    std::int64_t pid = 0;
    std::vector<std::uint32_t> fds;  ///< its descriptors of that file
    bool looked_at = true;           ///< false: these are what they were some readings ago
  };
  explicit OpenFiles(std::string root) : root_(std::move(root)) {}

  /// For each path ("/dev/dri/renderD128", of the machine or below the root) its holders, ordered
  /// by pid. A path that nobody is seen to hold is missing.
  std::map<std::string, std::vector<Holder>> read(const std::set<std::string>& paths);

  static constexpr std::size_t most_processes = 65'536;
  static constexpr std::size_t most_descriptors = 8'192;  ///< of one process that are looked at
  static constexpr std::size_t looks_a_reading = 32;      ///< at processes that held nothing
  static constexpr std::size_t holders_a_reading = 64;    ///< at processes that held one

 private:
  using Held = std::map<std::string, std::vector<std::uint32_t>>;
  Held look_at(std::int64_t pid, const std::set<std::string>& paths) const;

  std::string root_;
  std::map<std::int64_t, Held> known_;  ///< by pid: what it held when looked at last
  // The first pid of the next few of those that held none, and of those that held one.
  std::int64_t idle_turn_ = 0, holder_turn_ = 0;
};

}  // namespace gangline
