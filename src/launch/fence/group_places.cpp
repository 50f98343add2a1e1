#include "launch/fence/group_places.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/text.h"
#include "launch/job_files.h"
#include "os/file.h"

namespace gangline {
namespace {

// Each launcher that starts anew may stand in a scope of its own.
constexpr std::size_t most_places = 64;

bool has_groups(const GroupPlace& place) {
  const auto groups = groups_in(place.directory);
  return std::any_of(groups.begin(), groups.end(), [&](const std::string& group) {
    const auto name = parse_group_name(group);
    return name && name->epoch == place.epoch;
  });
}

}  // namespace

std::vector<std::string> groups_in(const std::string& directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), ::closedir);
  if (!dir) return names;
  while (const dirent* entry = ::readdir(dir.get()))
    if (std::string_view(entry->d_name).starts_with(group_prefix))
      names.emplace_back(entry->d_name);
  return names;
}

std::optional<GroupName> parse_group_name(std::string_view name) {
  const std::string_view prefix = group_prefix;
  if (!name.starts_with(prefix)) return std::nullopt;
  const auto halves = split(name.substr(prefix.size()), '@');
  if (halves.size() != 2) return std::nullopt;
  const auto numbers = split(halves[0], '.');
  const auto end = split(halves[1], '.');
  if (numbers.size() != 2 || end.size() != 2 || end[0].empty()) return std::nullopt;
  const auto lane = parse_number(numbers[0]), times = parse_number(numbers[1]);
  const auto rank = parse_number(end[1]);
  if (!lane || !times || !rank) return std::nullopt;
  return GroupName{*lane, *times, std::string(end[0]), *rank};
}

// Lines of "EPOCH DIRECTORY".
std::vector<GroupPlace> read_group_places(const std::string& path) {
  std::vector<GroupPlace> places;
  const auto text = read_file(path);
  if (!text) return places;
  for (const std::string_view line : split(*text, '\n')) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos || space == 0 || space + 1 >= line.size()) continue;
    if (places.size() == most_places) break;
    places.push_back({std::string(line.substr(0, space)), std::string(line.substr(space + 1))});
  }
  return places;
}

void keep_group_places(const std::string& path, const std::vector<GroupPlace>& places) {
  if (read_group_places(path) == places) return;
  std::string text;
  std::size_t kept = 0;
  for (const GroupPlace& place : places)
    if (place.directory.find('\n') == std::string::npos && kept++ < most_places)
      text += place.epoch + " " + place.directory + "\n";
  (void)replace_file(path, text).ok();
}

std::vector<std::string> clear_groups(const std::vector<GroupPlace>& places,
                                      const std::function<GangFate(const GroupName&)>& fate) {
  std::vector<std::string> to_end;
  for (const GroupPlace& place : places)
    for (const std::string& group : groups_in(place.directory)) {
      const auto name = parse_group_name(group);
      if (!name || name->epoch != place.epoch) continue;
      const GangFate is = fate(*name);
      if (is == GangFate::lives) continue;
      // The kernel removes no group that a process is in.
      const std::string path = place.directory + "/" + group;
      if (::rmdir(path.c_str()) != 0 && errno != ENOENT && is == GangFate::over)
        to_end.push_back(path);
    }
  return to_end;
}

std::vector<GroupPlace> places_in_use(const std::vector<GroupPlace>& places,
                                      const std::vector<GroupPlace>& stood_in) {
  std::vector<GroupPlace> used = stood_in;
  for (const GroupPlace& place : places)
    if (std::find(used.begin(), used.end(), place) == used.end() && has_groups(place))
      used.push_back(place);
  return used;
}

}  // namespace gangline
