// Where control groups are mounted, and in which of them this process is.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gangline {

struct GroupMount {
  std::string root;
  std::string point;
  std::string type;     ///< "cgroup" or "cgroup2"
  std::string options;  ///< of version 1: its controllers
};

/// From the lines of mountinfo.
std::vector<GroupMount> read_group_mounts(std::string_view text);

/// Our own group in each hierarchy, from lines "N:controllers:PATH"; version 2 has the key "".
std::map<std::string, std::string, std::less<>> read_own_groups(std::string_view text);

/// The directory of our own group; of a launcher that has gone into a leaf, the one around it.
std::string group_directory(const std::string& root, const GroupMount& mount,
                            const std::string& group);

/// Our own group of version 2 as it lies below `root`; empty where there is none.
struct OwnGroup {
  std::string directory;
  bool in_leaf = false;  ///< we are in the leaf in it
};
std::optional<OwnGroup> own_group_of_version_2(const std::string& root);

}  // namespace gangline
