// How this user's systemd is asked for a control group: by the program that it brings for that.
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>

#include "base/text.h"
#include "launch/fence/delegated_group.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::size_t most_said = 200;

bool is_ours(const std::string& path) {
  struct stat there {};
  return ::stat(path.c_str(), &there) == 0 && there.st_uid == ::geteuid();
}

/// Whether this user's systemd stays when they log out.
bool lingers(const std::string& root) {
  const passwd* entry = ::getpwuid(::geteuid());  // NOLINT: before there is any other thread
  struct stat there {};
  return entry != nullptr &&
         ::stat((root + "/var/lib/systemd/linger/" + entry->pw_name).c_str(), &there) == 0;
}

/// Our environment, with where the user's systemd listens: who came by `su` or `cron` was not told,
/// or was told of somebody else's.
std::vector<std::string> environment_for(const std::string& run_directory) {
  std::vector<std::string> variables;
  const std::string bus = run_directory + "/bus";
  const bool has_bus = is_ours(bus);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    if (variable.starts_with("XDG_RUNTIME_DIR=") || variable.starts_with("LC_ALL=")) continue;
    if (has_bus && variable.starts_with("DBUS_SESSION_BUS_ADDRESS=")) continue;
    variables.emplace_back(variable);
  }
  variables.push_back("XDG_RUNTIME_DIR=" + run_directory);
  variables.emplace_back("LC_ALL=C");
  if (has_bus) variables.push_back("DBUS_SESSION_BUS_ADDRESS=unix:path=" + bus);
  return variables;
}

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words)
    pointers.push_back(const_cast<char*>(word.c_str()));  // NOLINT: as exec takes them
  pointers.push_back(nullptr);
  return pointers;
}

/// Starts it as the leader of a process group, with its standard error in `said`.
Result<pid_t> spawn(const std::vector<std::string>& words,
                    const std::vector<std::string>& variables, int said) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&files, said, 2);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t pid = -1;
  const int number = ::posix_spawnp(&pid, words.front().c_str(), &files, &attributes,
                                    pointers_to(words).data(), pointers_to(variables).data());
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  if (number == ENOENT)
    return Error{ErrorKind::not_found, "there is no program " + words.front() + " on PATH", "", ""};
  if (number != 0) return system_error("run", words.front(), number);
  return pid;
}

/// The first line, without what a terminal or a table would stumble over.
std::string first_line(std::string_view said) {
  std::string line;
  for (const char c : trim(said)) {
    if (c == '\n' || line.size() >= most_said) break;
    line += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c;
  }
  return line;
}

/// Waits for its end and gathers what it says; empty: it did not end in time.
std::optional<int> wait_for_end(pid_t pid, int said, Span longest, std::string& text) {
  const Fd ended(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const Span until = since_boot() + longest;
  bool speaks = true;
  for (;;) {
    int status = 0;
    const bool over = ::waitpid(pid, &status, WNOHANG) == pid;
    // What it has written before its end is in the pipe by now.
    char block[512];
    for (ssize_t n = 0; speaks && (n = ::read(said, block, sizeof block)) != -1;) {
      if (n == 0) speaks = false;
      else if (text.size() < most_said) text.append(block, static_cast<std::size_t>(n));
    }
    if (over) return status;
    const Span left = until - since_boot();
    if (left.us <= 0) return std::nullopt;
    pollfd waited_for[] = {{ended.number(), POLLIN, 0}, {speaks ? said : -1, POLLIN, 0}};
    const bool blind = !ended.open();  // a kernel without pidfds
    ::poll(waited_for, 2, blind ? 10 : static_cast<int>((left.us + 999) / 1000));
  }
}

}  // namespace

Result<void> run_in_scope(const std::vector<std::string>& words, const std::string& root,
                          Span longest) {
  const auto refuse = [](const std::string& why) {
    return Error{ErrorKind::unavailable, why, "", ""};
  };
  struct stat there {};
  if (::stat((root + "/run/systemd/system").c_str(), &there) != 0)
    return refuse("no systemd runs here that could be asked for a control group");
  const std::string run_directory = root + "/run/user/" + std::to_string(::geteuid());
  if (!is_ours(run_directory))
    return refuse(
        "this user has no systemd of their own that could be asked for a control group; `loginctl "
        "enable-linger` starts one");
  // Without it, all in the scope would be ended when the user's last session ends.
  if (!lingers(root))
    return refuse(
        "this user's systemd, which could be asked for a control group, ends at logout; `loginctl "
        "enable-linger` lets it stay");
  std::vector<std::string> asked{
      "systemd-run", "--user", "--scope",      "--quiet",
      "--collect",   "-p",     "Delegate=yes", "--description=Gangline launcher",
      "--"};
  asked.insert(asked.end(), words.begin(), words.end());

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("make a pipe", "", errno);
  const Fd out(ends[0]);
  ::fcntl(out.number(), F_SETFL, O_NONBLOCK);
  Fd in(ends[1]);
  const auto pid = spawn(asked, environment_for(run_directory), in.number());
  in.reset();
  if (!pid) return pid.error();
  std::string said;
  const auto status = wait_for_end(*pid, out.number(), longest, said);
  if (!status) {
    ::kill(-*pid, SIGKILL);
    ::waitpid(*pid, nullptr, 0);
    return refuse("systemd-run did not answer in " + format(longest));
  }
  if (WIFEXITED(*status) && WEXITSTATUS(*status) == 0) return {};
  const std::string line = first_line(said);
  return refuse("systemd-run: " + (line.empty() ? "it failed" : line));
}

}  // namespace gangline
