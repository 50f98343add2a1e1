#include "launch/fence/group_mounts.h"

#include <algorithm>

#include "base/text.h"
#include "launch/fence/leaf_group.h"
#include "os/file.h"

namespace gangline {

// Lines are "31 23 0:28 ROOT POINT options … - TYPE source OPTIONS".
std::vector<GroupMount> read_group_mounts(std::string_view text) {
  std::vector<GroupMount> mounts;
  for (const std::string_view line : split(text, '\n')) {
    const auto words = split(line, ' ');
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 6 || words.end() - dash < 4 || !dash[1].starts_with("cgroup")) continue;
    mounts.push_back(
        {std::string(words[3]), std::string(words[4]), std::string(dash[1]), std::string(dash[3])});
  }
  return mounts;
}

std::map<std::string, std::string, std::less<>> read_own_groups(std::string_view text) {
  std::map<std::string, std::string, std::less<>> groups;
  for (const std::string_view line : split(text, '\n')) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    for (const std::string_view controller : split(line.substr(first + 1, second - first - 1), ','))
      groups[std::string(controller)] = line.substr(second + 1);
  }
  return groups;
}

std::string group_directory(const std::string& root, const GroupMount& mount,
                            const std::string& group) {
  std::string below = group;
  if (mount.root != "/" && below.starts_with(mount.root)) below.erase(0, mount.root.size());
  std::string path = root + mount.point + below;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const std::string leaf = std::string("/") + leaf_group;
  if (path.ends_with(leaf)) path.erase(path.size() - leaf.size());
  return path;
}

std::optional<OwnGroup> own_group_of_version_2(const std::string& root) {
  const auto mounts = read_file(root + "/proc/self/mountinfo");
  const auto groups = read_file(root + "/proc/self/cgroup");
  if (!mounts || !groups) return std::nullopt;
  const auto own = read_own_groups(*groups);
  const auto group = own.find("");
  if (group == own.end()) return std::nullopt;
  for (const GroupMount& mount : read_group_mounts(*mounts))
    if (mount.type == "cgroup2")
      return OwnGroup{group_directory(root, mount, group->second),
                      group->second.ends_with(std::string("/") + leaf_group)};
  return std::nullopt;
}

}  // namespace gangline
