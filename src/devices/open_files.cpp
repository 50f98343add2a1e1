#include "devices/open_files.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "devices/sysfs/see.h"

namespace gangline {
namespace {

/// Entries of a directory that are numbers, in the order of their names.
std::vector<std::uint64_t> numbers_in(const std::string& path, std::size_t most) {
  std::vector<std::uint64_t> numbers;
  const auto names = see_directory(path, most);
  if (!names) return numbers;
  for (const std::string& name : *names)
    if (const auto number = parse_number(name); number && *number <= 0x7fffffff)
      numbers.push_back(*number);
  return numbers;
}

/// `most` of these pids, which are in order, from `turn` on; sets `turn` to who comes next.
std::set<std::int64_t> take_turns(std::vector<std::int64_t>& pids, std::int64_t& turn,
                                  std::size_t most) {
  std::rotate(pids.begin(), std::lower_bound(pids.begin(), pids.end(), turn), pids.end());
  turn = pids.size() > most ? pids[most] : 0;
  pids.resize(std::min(pids.size(), most));
  return {pids.begin(), pids.end()};
}

}  // namespace

OpenFiles::Held OpenFiles::look_at(std::int64_t pid, const std::set<std::string>& paths) const {
  Held held;
  const std::string directory = root_ + "/proc/" + std::to_string(pid) + "/fd";
  const auto fds = numbers_in(directory, most_descriptors);
  if (fds.empty()) return held;
  const SeenDirectory links(directory);
  for (const std::uint64_t fd : fds) {
    auto path = links.link(std::to_string(fd));
    if (!path) continue;
    if (root_ != "/" && path->starts_with(root_)) path->erase(0, root_.size());
    if (paths.contains(*path)) held[*path].push_back(static_cast<std::uint32_t>(fd));
  }
  for (auto& [path, held_fds] : held) std::ranges::sort(held_fds);
  return held;
}

std::map<std::string, std::vector<OpenFiles::Holder>> OpenFiles::read(
    const std::set<std::string>& paths) {
  std::map<std::string, std::vector<Holder>> found;
  if (paths.empty()) return found;
  // 1. Who runs, and whom to look at.
  std::vector<std::int64_t> running, idle, holders;
  for (const std::uint64_t pid : numbers_in(root_ + "/proc", most_processes))
    running.push_back(static_cast<std::int64_t>(pid));
  std::ranges::sort(running);
  for (const std::int64_t pid : running)
    if (const auto before = known_.find(pid); before != known_.end())
      (before->second.empty() ? idle : holders).push_back(pid);
  const auto idle_now = take_turns(idle, idle_turn_, looks_a_reading);
  const auto holders_now = take_turns(holders, holder_turn_, holders_a_reading);
  // 2. Look.
  std::map<std::int64_t, Held> known;
  for (const std::int64_t pid : running) {
    const auto before = known_.find(pid);
    const bool looks =
        before == known_.end() || idle_now.contains(pid) || holders_now.contains(pid);
    Held& held = known[pid];
    held = looks ? look_at(pid, paths) : std::move(before->second);
    for (const auto& [path, fds] : held)
      if (paths.contains(path)) found[path].push_back({pid, fds, looks});
  }
  known_ = std::move(known);
  return found;
}

}  // namespace gangline
