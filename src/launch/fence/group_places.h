// Where the launchers of a state directory have made control groups, and what is left there of
// gangs that are over. Launcher and guardian may both be killed, and the next one may stand in
// another group.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gangline {

/// All names of groups of tasks begin so.
constexpr const char* group_prefix = "gangline-";

/// Names of the groups of tasks in a directory, whoever's they are.
std::vector<std::string> groups_in(const std::string& directory);

/// Whose a group is: "gangline-7.3@epoch.0". The turns of a lane may have the same.
struct GroupName {
  std::uint64_t lane = 0;
  std::uint64_t times = 0;  ///< tells those of one lane apart
  std::string epoch;        ///< of the journal that tells of it
  std::uint64_t rank = 0;
};
/// Empty: it is no such name.
std::optional<GroupName> parse_group_name(std::string_view name);

/// A directory in which groups were made for the gangs of one journal.
struct GroupPlace {
  std::string epoch;
  std::string directory;
  bool operator==(const GroupPlace&) const = default;
};

/// The places that are known in this file, which is kept in the state directory.
std::vector<GroupPlace> read_group_places(const std::string& path);
/// Writes them where they differ from what is there. A file that cannot be written costs no more
/// than groups that stay.
void keep_group_places(const std::string& path, const std::vector<GroupPlace>& places);

enum class GangFate {
  lives,    ///< or may yet: its groups are left alone
  unknown,  ///< its groups are removed if they are empty
  over,     ///< what runs in its groups is ended too
};

/// Removes the groups of these places that nobody needs, and only those whose names have the epoch
/// of their place: others are of other services. Returns those that are to be ended and removed.
std::vector<std::string> clear_groups(const std::vector<GroupPlace>& places,
                                      const std::function<GangFate(const GroupName&)>& fate);

/// Without places that nobody stands in and in which nothing is left.
std::vector<GroupPlace> places_in_use(const std::vector<GroupPlace>& places,
                                      const std::vector<GroupPlace>& stood_in);

}  // namespace gangline
