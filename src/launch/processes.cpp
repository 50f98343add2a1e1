#include "launch/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include "base/text.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::size_t most_environment = 4 << 20;

// From linux/pidfd.h, which distributions do not have yet: struct pidfd_info in its first version.
struct PidfdAnswer {
  std::uint64_t mask = 0;
  std::uint64_t cgroup = 0;
  std::array<std::uint32_t, 11> ids{};
  std::int32_t exit_code = 0;
};
static_assert(sizeof(PidfdAnswer) == 64);
constexpr unsigned long pidfd_get_info = _IOWR(0xff, 11, PidfdAnswer);
constexpr std::uint64_t exit_is_known = 1 << 3;  // PIDFD_INFO_EXIT

std::int64_t number_in(std::string_view text) {
  return static_cast<std::int64_t>(parse_number(text).value_or(0));
}

/// Where we may not know how a zombie ended, the kernel says 0 as if it had ended well. To those
/// who may know, it also shows the process's user namespace.
bool may_know_end(const std::string& directory) {
  char name[64];
  return ::readlink((directory + "/ns/user").c_str(), name, sizeof name) > 0;
}

bool matches(const ProcessEntry& entry, const ProcessMark& mark) {
  // The kernel counts in ticks, so the start may seem one earlier.
  constexpr Span tick = milliseconds(20);
  return mark.made_after - tick <= entry.started && entry.started <= mark.made_before;
}

}  // namespace

std::optional<ProcessEntry> read_process(std::int64_t pid) {
  const std::string directory = "/proc/" + std::to_string(pid);
  const auto text = read_file(directory + "/stat", 4096);
  if (!text) return std::nullopt;
  // The second field, the name, is in parentheses and may hold any character.
  const auto name_end = text->rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= text->size()) return std::nullopt;
  const auto fields = split(trim(std::string_view(*text).substr(name_end + 2)), ' ');
  constexpr std::size_t state = 0, parent = 1, group = 2, session = 3, start = 19,
                        end = 49;  // from the third field on
  if (fields.size() <= start) return std::nullopt;
  ProcessEntry entry;
  entry.pid = pid;
  entry.zombie = fields[state] == "Z" || fields[state] == "X";
  entry.parent = number_in(fields[parent]);
  entry.group = number_in(fields[group]);
  entry.session = number_in(fields[session]);
  static const std::int64_t ticks_per_second = ::sysconf(_SC_CLK_TCK);
  entry.started = microseconds(number_in(fields[start]) * (1'000'000 / ticks_per_second));
  if (entry.zombie && fields.size() > end && may_know_end(directory))
    entry.wait_status = static_cast<int>(number_in(fields[end]));
  return entry;
}

std::vector<ProcessEntry> all_processes() {
  std::vector<ProcessEntry> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir("/proc"), ::closedir);
  if (!dir) return found;
  while (const dirent* entry = ::readdir(dir.get())) {
    const auto pid = parse_number(entry->d_name);
    if (!pid) continue;
    if (const auto process = read_process(static_cast<std::int64_t>(*pid)))
      found.push_back(*process);
  }
  return found;
}

std::vector<std::int64_t> children_of(std::int64_t pid) {
  const std::string number = std::to_string(pid);
  std::vector<std::int64_t> children;
  const auto text = read_file("/proc/" + number + "/task/" + number + "/children");
  if (!text) return children;
  for (const std::string_view child : split(*text, ' '))
    if (const auto n = parse_number(child)) children.push_back(static_cast<std::int64_t>(*n));
  return children;
}

std::optional<std::string> start_variable(std::int64_t pid, const std::string& name) {
  const auto text = read_file("/proc/" + std::to_string(pid) + "/environ", most_environment);
  if (!text) return std::nullopt;
  const std::string wanted = name + "=";
  for (const std::string_view var : split(*text, '\0'))
    if (var.starts_with(wanted)) return std::string(var.substr(wanted.size()));
  return std::nullopt;
}

bool is_there(const ProcessMark& mark) {
  const auto entry = read_process(mark.pid);
  return entry && matches(*entry, mark);
}

std::vector<ProcessEntry> processes_of_gang(std::span<const ProcessMark> tasks,
                                            const std::string& gang_id) {
  const std::vector<ProcessEntry> all = all_processes();
  std::set<std::int64_t> sessions;
  for (const ProcessMark& task : tasks) sessions.insert(task.pid);
  // Where somebody else has the number of an ended task now, the session is theirs too. Where
  // nobody has it, processes left in the session keep the number from being given again.
  for (const ProcessEntry& process : all)
    for (const ProcessMark& task : tasks)
      if (process.pid == task.pid && !matches(process, task)) sessions.erase(task.pid);

  std::set<std::int64_t> ours;
  for (const ProcessEntry& process : all)
    if (sessions.contains(process.session) || start_variable(process.pid, "GANG_ID") == gang_id)
      ours.insert(process.pid);
  // Parents may stand behind their children, so until nothing is added.
  for (bool grew = true; grew;) {
    grew = false;
    for (const ProcessEntry& process : all)
      if (ours.contains(process.parent) && ours.insert(process.pid).second) grew = true;
  }
  std::vector<ProcessEntry> found;
  for (const ProcessEntry& process : all)
    if (!process.zombie && ours.contains(process.pid)) found.push_back(process);
  return found;
}

std::optional<int> wait_status_of(int pidfd, std::int64_t pid) {
  // As long as nobody has let go of the process, /proc tells it; from then on the pidfd does.
  const auto entry = read_process(pid);
  PidfdAnswer answer;
  answer.mask = exit_is_known;
  // Kernels that do not know this question may say 0 in /proc for what other threads ended badly.
  if (::ioctl(pidfd, pidfd_get_info, &answer) != 0) return std::nullopt;
  if ((answer.mask & exit_is_known) != 0) return answer.exit_code;
  // It is still there, so the number was its own when /proc was read.
  return entry ? entry->wait_status : std::nullopt;
}

ChildList::ChildList() {
  const std::string number = std::to_string(::getpid());
  auto file = open_file("/proc/" + number + "/task/" + number + "/children", O_RDONLY);
  if (file) file_ = *std::move(file);
}

std::vector<std::int64_t> ChildList::read() const {
  std::vector<std::int64_t> children;
  if (!file_.open()) return children;
  std::string text;
  char block[4096];
  ssize_t n = 0;
  while ((n = ::pread(file_.number(), block, sizeof block, static_cast<off_t>(text.size()))) > 0)
    text.append(block, static_cast<std::size_t>(n));
  for (const std::string_view child : split(text, ' '))
    if (const auto number = parse_number(child))
      children.push_back(static_cast<std::int64_t>(*number));
  return children;
}

}  // namespace gangline
