#include "launch/fence/shared_memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <string_view>

#include "base/text.h"
#include "launch/processes.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::int64_t us_in_second = 1'000'000;

bool is_one_of(const GoneProcesses& gone, std::int64_t pid) {
  return std::find(gone.pids.begin(), gone.pids.end(), pid) != gone.pids.end();
}

/// Seconds of the kernel's clock begin a little before ours.
bool lies_within(const GoneProcesses& gone, std::int64_t second) {
  return second >= gone.began.us / us_in_second - 1 && second <= gone.ended.us / us_in_second + 1;
}

std::size_t remove_segments(const GoneProcesses& gone) {
  // Lines "key shmid …", the first one with the names of the columns.
  const auto list = read_file("/proc/sysvipc/shm");
  if (!list) return 0;
  std::size_t removed = 0;
  for (const std::string_view line : split(*list, '\n')) {
    std::vector<std::string_view> words;
    for (const std::string_view word : split(line, ' '))
      if (!word.empty()) words.push_back(word);
    const auto number = words.size() > 1 ? parse_number(words[1]) : std::nullopt;
    if (!number) continue;
    const int id = static_cast<int>(*number);
    shmid_ds segment{};
    if (::shmctl(id, IPC_STAT, &segment) != 0) continue;
    const bool theirs = is_one_of(gone, segment.shm_cpid) && lies_within(gone, segment.shm_ctime);
    if (theirs && segment.shm_nattch == 0 && ::shmctl(id, IPC_RMID, nullptr) == 0) ++removed;
  }
  return removed;
}

/// Whether one of the numbers in the name is that of one of them.
bool is_named_by(std::string_view name, const GoneProcesses& gone) {
  for (std::size_t at = 0; at < name.size();) {
    std::size_t end = at;
    while (end < name.size() && std::isdigit(static_cast<unsigned char>(name[end])) != 0) ++end;
    const auto number = end > at ? parse_number(name.substr(at, end - at)) : std::nullopt;
    if (number && is_one_of(gone, static_cast<std::int64_t>(*number))) return true;
    at = std::max(end, at + 1);
  }
  return false;
}

bool has_file(std::int64_t pid, const std::string& path) {
  const std::string process = "/proc/" + std::to_string(pid);
  if (const auto maps = read_file(process + "/maps", std::size_t{64} << 20))
    if (maps->find(path + "\n") != std::string::npos) return true;
  const std::unique_ptr<DIR, int (*)(DIR*)> files(::opendir((process + "/fd").c_str()), ::closedir);
  if (!files) return false;
  char target[4096];
  while (const dirent* entry = ::readdir(files.get())) {
    const ssize_t n = ::readlinkat(::dirfd(files.get()), entry->d_name, target, sizeof target);
    if (n > 0 && std::string_view(target, static_cast<std::size_t>(n)) == path) return true;
  }
  return false;
}

bool is_used(const std::string& path) {
  const auto all = all_processes();
  return std::any_of(all.begin(), all.end(),
                     [&](const ProcessEntry& process) { return has_file(process.pid, path); });
}

std::size_t remove_files(const GoneProcesses& gone, const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), ::closedir);
  if (!dir) return 0;
  std::size_t removed = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    if (!is_named_by(entry->d_name, gone)) continue;
    struct statx file {};
    const bool known = ::statx(::dirfd(dir.get()), entry->d_name, AT_SYMLINK_NOFOLLOW,
                               STATX_BASIC_STATS | STATX_BTIME, &file) == 0 &&
                       (file.stx_mask & STATX_BTIME) != 0;
    if (!known || !S_ISREG(file.stx_mode) || file.stx_uid != gone.uid) continue;
    if (!lies_within(gone, file.stx_btime.tv_sec)) continue;
    if (is_used(directory + "/" + entry->d_name)) continue;
    if (::unlinkat(::dirfd(dir.get()), entry->d_name, 0) == 0) ++removed;
  }
  return removed;
}

}  // namespace

std::size_t remove_shared_memory(const GoneProcesses& gone, const std::string& directory) {
  return remove_segments(gone) + remove_files(gone, directory);
}

}  // namespace gangline
