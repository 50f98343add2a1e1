#include "launch/fence/leaf_group.h"

#include <fcntl.h>
#include <unistd.h>

#include <optional>

#include "base/text.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr const char* top_group = "/gangline";

/// Where version 2 is mounted.
std::optional<std::string> mount_point(const std::string& root) {
  const auto text = read_file(root + "/proc/self/mountinfo");
  if (!text) return std::nullopt;
  for (const std::string_view line : split(*text, '\n'))
    if (const auto words = split(line, ' ');
        words.size() > 5 && line.find(" - cgroup2 ") != std::string_view::npos)
      return std::string(words[4]);
  return std::nullopt;
}

std::optional<std::string> own_group(const std::string& root) {
  const auto text = read_file(root + "/proc/self/cgroup");
  if (!text) return std::nullopt;
  for (const std::string_view line : split(*text, '\n'))
    if (line.starts_with("0::")) return std::string(line.substr(3));
  return std::nullopt;
}

Result<void> write_value(const std::string& path, const std::string& value) {
  auto file = open_file(path, O_WRONLY);
  return file ? write_all(file->number(), value, path) : file.error();
}

}  // namespace

Result<void> enter_leaf_group(const std::string& root) {
  const auto point = mount_point(root);
  const auto own = own_group(root);
  if (!point || !own || own->ends_with(std::string("/") + leaf_group)) return {};
  const std::string parent = root + *point + (own->ends_with(".service") ? *own : top_group);
  const std::string leaf = parent + "/" + leaf_group;
  if (auto made = make_directories(leaf); !made) return made;
  // One that is not there, or bound to version 1, is a fence less and no reason not to go on.
  for (const char* controller : {"+memory", "+cpuset"})
    (void)write_value(root + *point + "/cgroup.subtree_control", controller).ok();
  return write_value(leaf + "/cgroup.procs", std::to_string(::getpid()));
}

void remove_leaf_group(const std::string& root) {
  const auto point = mount_point(root);
  if (!point) return;
  const std::string top = root + *point + top_group;
  ::rmdir((top + "/" + leaf_group).c_str());
  ::rmdir(top.c_str());
}

}  // namespace gangline
