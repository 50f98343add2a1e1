#include "main/for_all/tool.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "os/fd.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::size_t most_said = 2000;

/// Not PATH: root's may begin with a directory of somebody else.
std::string find_tool(const std::string& name) {
  for (const char* directory : {"/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"})
    if (::access((directory + name).c_str(), X_OK) == 0) return directory + name;
  return {};
}

std::string read_said(int from) {
  std::string said;
  char block[512];
  for (;;) {
    const ssize_t n = ::read(from, block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    if (said.size() < most_said) said.append(block, static_cast<std::size_t>(n));
  }
  return std::string(trim(said));
}

}  // namespace

Result<void> run_tool(const std::vector<std::string>& words) {
  const std::string program = find_tool(words.front());
  if (program.empty())
    return Error{ErrorKind::not_found, "there is no program " + words.front() + " on this system",
                 "", "install it"};
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("make a pipe", program, errno);
  const Fd out(ends[0]);
  Fd in(ends[1]);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, in.number(), 1);
  ::posix_spawn_file_actions_adddup2(&files, in.number(), 2);
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));  // NOLINT
  argv.push_back(nullptr);
  std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  std::string language = "LC_ALL=C";
  char* environment[] = {path.data(), language.data(), nullptr};
  pid_t pid = -1;
  const int number =
      ::posix_spawn(&pid, program.c_str(), &files, nullptr, argv.data(), environment);
  ::posix_spawn_file_actions_destroy(&files);
  if (number != 0) return system_error("run", program, number);
  in.reset();
  const std::string said = read_said(out.number());
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return Error{ErrorKind::refused, "`" + line + "` failed" + (said.empty() ? "" : ": " + said), "",
               ""};
}

}  // namespace gangline
