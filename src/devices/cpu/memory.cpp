#include "devices/cpu/memory.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "devices/sysfs/see.h"

namespace gangline {
namespace {

constexpr std::size_t most_bytes = 1 << 20;
constexpr int deepest_group = 64;
// cgroup v1 says "no limit" as the largest multiple of the page size below 2^63.
constexpr std::uint64_t no_limit = std::uint64_t{1} << 60;

std::optional<Bytes> limit_in(const std::string& path) {
  const auto text = see_file(path, most_bytes);
  if (!text) return std::nullopt;
  const auto number = parse_number(trim(*text));  // "max" is no number
  if (!number || *number >= no_limit) return std::nullopt;
  return Bytes{static_cast<std::int64_t>(*number)};
}

// A limit of a group holds for all groups below it, so the smallest on the way up counts. A group
// that cannot be seen from inside a container is passed over.
std::optional<Bytes> smallest_limit(const std::string& mount, std::string group,
                                    const std::string& file) {
  std::optional<Bytes> smallest;
  for (int depth = 0; depth < deepest_group; ++depth) {
    std::string path = mount;
    path.append(group).append("/").append(file);
    const auto limit = limit_in(path);
    if (limit && (!smallest || *limit < *smallest)) smallest = limit;
    const auto slash = group.find_last_of('/');
    if (slash == std::string::npos) break;
    group.resize(slash);
  }
  return smallest;
}

}  // namespace

std::optional<Bytes> total_memory(const std::string& root) {
  const auto text = see_file(root + "/proc/meminfo", most_bytes);
  if (!text) return std::nullopt;
  for (const std::string_view line : split(*text, '\n')) {
    if (!line.starts_with("MemTotal:")) continue;
    const auto words = split(trim(line.substr(9)), ' ');
    const auto kib = parse_number(words.front());
    if (!kib || *kib > no_limit / 1024) return std::nullopt;
    return kibibytes(static_cast<std::int64_t>(*kib));
  }
  return std::nullopt;
}

std::optional<Bytes> group_memory_limit(const std::string& root) {
  const auto text = see_file(root + "/proc/self/cgroup", most_bytes);
  if (!text) return std::nullopt;
  const std::string mount = root + "/sys/fs/cgroup";
  std::optional<Bytes> smallest;
  const auto consider = [&](std::optional<Bytes> limit) {
    if (limit && (!smallest || *limit < *smallest)) smallest = limit;
  };
  // proc(5), cgroups(7): lines "hierarchy:controllers:path"; hierarchy 0 is cgroup v2.
  for (const std::string_view line : split(*text, '\n')) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const auto controllers = split(line.substr(first + 1, second - first - 1), ',');
    std::string group(line.substr(second + 1));
    if (group == "/") group.clear();
    if (line.starts_with("0:")) {
      consider(smallest_limit(mount, group, "memory.max"));
      consider(smallest_limit(mount + "/unified", group, "memory.max"));
    } else if (std::ranges::find(controllers, "memory") != controllers.end()) {
      consider(smallest_limit(mount + "/memory", group, "memory.limit_in_bytes"));
    }
  }
  return smallest;
}

}  // namespace gangline
