#include "launch/renewal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/text.h"
#include "os/file.h"

extern char** environ;  // NOLINT: POSIX's own name

namespace gangline {
namespace {

constexpr int longest_try_ms = 5'000;
// Grows where what one program leaves to the next changes.
constexpr const char* way = "1";

bool is_roots_alone(const struct stat& file) {
  return S_ISREG(file.st_mode) && file.st_uid == 0 && (file.st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
         (file.st_mode & S_IXUSR) != 0;
}

}  // namespace

bool is_renewed(const std::string& program) {
  if (program.empty()) return false;
  struct stat own {
  }, there{};
  return ::stat("/proc/self/exe", &own) == 0 && ::stat(program.c_str(), &there) == 0 &&
         is_roots_alone(there) && (own.st_dev != there.st_dev || own.st_ino != there.st_ino);
}

bool can_take_over(const std::string& program) {
  std::string words[] = {"gang", "internal-launcher", "--take-over", way};
  char* argv[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addclosefrom_np(&files, 3);
  pid_t pid = -1;
  const int failed = ::posix_spawn(&pid, program.c_str(), &files, nullptr, argv, environ);
  ::posix_spawn_file_actions_destroy(&files);
  if (failed != 0) return false;
  const Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd ended{pidfd.number(), POLLIN, 0};
  int n = 0;
  do n = ::poll(&ended, 1, longest_try_ms);
  while (n < 0 && errno == EINTR);
  if (n <= 0) ::kill(pid, SIGKILL);
  int status = -1;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void become_renewed(const std::string& program, Fd& lock, Fd& listener) {
  std::string words[] = {"gang", "internal-launcher",           "--take-over",
                         way,    std::to_string(lock.number()), std::to_string(listener.number())};
  char* argv[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(),
                  words[4].data(), words[5].data(), nullptr};
  for (const Fd* kept : {&lock, &listener}) ::fcntl(kept->number(), F_SETFD, 0);
  ::execv(program.c_str(), argv);
  const int number = errno;
  for (const Fd* kept : {&lock, &listener}) ::fcntl(kept->number(), F_SETFD, FD_CLOEXEC);
  std::fprintf(stderr, "gang launcher: %s\n",
               system_error("become the new program", program, number).sentence().c_str());
}

std::optional<TakeOver> parse_take_over(const std::vector<std::string>& words) {
  if ((words.size() != 3 && words.size() != 5) || words[1] != "--take-over" || words[2] != way)
    return std::nullopt;
  if (words.size() == 3) return TakeOver{};
  const auto lock = parse_number(words[3]), listener = parse_number(words[4]);
  if (!lock || !listener || *lock > INT32_MAX || *listener > INT32_MAX || *lock < 3 ||
      *listener < 3 || *lock == *listener)
    return std::nullopt;
  return TakeOver{static_cast<int>(*lock), static_cast<int>(*listener)};
}

}  // namespace gangline
