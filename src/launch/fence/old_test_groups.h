// For tests: removes control groups that tests left which were killed with all their launchers, as
// no launcher knows of them any more.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include "launch/fence/group_places.h"
#include "os/clock.h"

namespace gangline {

/// Of a group's name; empty: it is no group of tasks or of MPS.
inline std::string epoch_in(const std::string& name) {
  const auto at = name.rfind('@');
  if (!name.starts_with(group_prefix) || at == std::string::npos) return "";
  return name.substr(at + 1, name.find('.', at) - at - 1);
}

/// The digits of an epoch are those of its time, the last one first.
inline Time time_of_epoch(const std::string& epoch) {
  const std::string digits(epoch.rbegin(), epoch.rend());
  return {static_cast<std::int64_t>(std::strtoull(digits.c_str(), nullptr, 16))};
}

/// Epochs of the launchers that run, whatever state directory they have locked.
inline std::set<std::string> epochs_in_use() {
  std::set<std::string> epochs;
  std::error_code none;
  for (const auto& process : std::filesystem::directory_iterator("/proc", none))
    for (const auto& file : std::filesystem::directory_iterator(process.path() / "fd", none)) {
      const auto lock = std::filesystem::read_symlink(file, none);
      if (!lock.string().ends_with("/launcher/lock")) continue;
      const auto groups = lock.parent_path() / "groups";
      for (const GroupPlace& place :
           read_group_places((process.path() / "root").string() + groups.string()))
        epochs.insert(place.epoch);
    }
  return epochs;
}

/// Those with nobody in them, of launchers that do not run; young ones are left alone, since their
/// launcher may be about to say that they are its own.
inline void clear_groups_of_killed_tests(const std::filesystem::path& mounted = "/sys/fs/cgroup") {
  constexpr Span young = minutes(10);
  constexpr int deepest = 3;
  const std::set<std::string> used = epochs_in_use();
  std::set<std::filesystem::path> old;
  std::error_code none;
  const auto all = std::filesystem::recursive_directory_iterator(
      mounted, std::filesystem::directory_options::skip_permission_denied, none);
  for (auto group = begin(all); group != end(all); group.increment(none)) {
    if (group.depth() >= deepest) group.disable_recursion_pending();
    const std::string epoch = epoch_in(group->path().filename());
    if (!epoch.empty() && !used.contains(epoch) && now() - time_of_epoch(epoch) > young)
      old.insert(group->path());
  }
  // The kernel removes no group that a process is in.
  for (const auto& path : old) ::rmdir(path.c_str());
}

}  // namespace gangline
