#include "devices/open_files.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "base/text.h"

namespace gangline {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

// Calls `each` for every entry that is a number, at most `most` times.
template <class Each>
void for_numbers_in(const std::string& path, std::size_t most, Each each) {
  const Directory directory(::opendir(path.c_str()));
  if (!directory) return;
  std::size_t seen = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    const auto number = parse_number(entry->d_name);
    if (!number || *number > 0x7fffffff) continue;
    if (seen++ == most) return;
    each(*number, ::dirfd(directory.get()), entry->d_name);
  }
}

}  // namespace

OpenFiles::Held OpenFiles::look_at(std::int64_t pid, const std::set<std::string>& paths) const {
  Held held;
  std::array<char, 256> target{};
  for_numbers_in(root_ + "/proc/" + std::to_string(pid) + "/fd", most_descriptors,
                 [&](std::uint64_t fd, int directory, const char* name) {
                   const ssize_t length =
                       ::readlinkat(directory, name, target.data(), target.size());
                   if (length <= 0 || static_cast<std::size_t>(length) == target.size()) return;
                   std::string path(target.data(), static_cast<std::size_t>(length));
                   if (root_ != "/" && path.starts_with(root_)) path.erase(0, root_.size());
                   if (paths.contains(path)) held[path].push_back(static_cast<std::uint32_t>(fd));
                 });
  for (auto& [path, fds] : held) std::ranges::sort(fds);
  return held;
}

std::map<std::string, std::vector<OpenFiles::Holder>> OpenFiles::read(
    const std::set<std::string>& paths) {
  std::map<std::string, std::vector<Holder>> found;
  if (paths.empty()) return found;
  // 1. Who runs, and whom to look at: new ones, holders, and from `turn_` on a few of the others.
  std::vector<std::int64_t> running;
  for_numbers_in(root_ + "/proc", most_processes, [&](std::uint64_t pid, int, const char*) {
    running.push_back(static_cast<std::int64_t>(pid));
  });
  std::ranges::sort(running);
  const auto from = std::ranges::lower_bound(running, turn_);
  std::ranges::rotate(running, from);
  std::map<std::int64_t, bool> known;
  std::size_t others = 0;
  turn_ = 0;
  // 2. Look.
  for (const std::int64_t pid : running) {
    const auto before = known_.find(pid);
    const bool idle = before != known_.end() && !before->second;
    if (idle && others == looks_a_reading) {
      if (turn_ == 0) turn_ = pid;
      known.emplace(pid, false);
      continue;
    }
    others += idle ? 1 : 0;
    Held held = look_at(pid, paths);
    known.emplace(pid, !held.empty());
    for (auto& [path, fds] : held) found[path].push_back({pid, std::move(fds)});
  }
  known_ = std::move(known);
  for (auto& [path, holders] : found) std::ranges::sort(holders, {}, &Holder::pid);
  return found;
}

}  // namespace gangline
