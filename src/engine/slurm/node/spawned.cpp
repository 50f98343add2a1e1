#include "engine/slurm/node/spawned.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/text.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::size_t longest_answer = 4 << 20;
constexpr std::size_t most_shown = 300;

struct PipeEnds {
  Fd read, write;
  bool open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read = Fd(ends[0]);
    write = Fd(ends[1]);
    return true;
  }
};

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts)
    all.push_back(const_cast<char*>(text.c_str()));  // NOLINT: posix_spawn changes none
  all.push_back(nullptr);
  return all;
}

/// Everything until both ends are closed; false: not in time, or far too much.
bool read_all(const SpawnedProgram& program, Span deadline, std::string& output,
              std::string& errors) {
  std::array<pollfd, 2> ends{
      {{program.output.number(), POLLIN, 0}, {program.errors.number(), POLLIN, 0}}};
  std::array<char, 4096> block{};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    const Span left = deadline - since_boot();
    if (left.us <= 0 || output.size() + errors.size() > longest_answer) return false;
    if (::poll(ends.data(), ends.size(), static_cast<int>(left.us / 1000 + 1)) < 0 &&
        errno != EINTR)
      return false;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (ends[i].fd < 0 || ends[i].revents == 0) continue;
      const ssize_t n = ::read(ends[i].fd, block.data(), block.size());
      if (n > 0) (i == 0 ? output : errors).append(block.data(), static_cast<std::size_t>(n));
      else if (n == 0 || errno != EINTR) ends[i].fd = -1;
    }
  }
  return true;
}

}  // namespace

Result<SpawnedProgram> spawn_program(const std::vector<std::string>& words,
                                     const std::vector<std::string>& environment) {
  PipeEnds input, output, errors;
  if (!input.open() || !output.open() || !errors.open())
    return system_error("make a pipe to", words.front(), errno);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  sigset_t none;
  sigemptyset(&none);
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_adddup2(&files, input.read.number(), 0);
  ::posix_spawn_file_actions_adddup2(&files, output.write.number(), 1);
  ::posix_spawn_file_actions_adddup2(&files, errors.write.number(), 2);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  SpawnedProgram program;
  const int number = ::posix_spawnp(&program.pid, words.front().c_str(), &files, &attributes,
                                    pointers_to(words).data(), pointers_to(environment).data());
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  if (number != 0) return system_error("run", words.front(), number);
  program.input = std::move(input.write);
  program.output = std::move(output.read);
  program.errors = std::move(errors.read);
  return program;
}

Result<std::string> ask_program(const std::vector<std::string>& words,
                                const std::vector<std::string>& environment, Span patience) {
  auto program = spawn_program(words, environment);
  if (!program) return program.error();
  program->input.reset();
  std::string output, errors;
  const bool in_time = read_all(*program, since_boot() + patience, output, errors);
  if (!in_time) ::kill(program->pid, SIGKILL);
  int status = 0;
  while (::waitpid(program->pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (in_time && status == 0) return output;
  const std::string said(trim(std::string_view(errors).substr(0, most_shown)));
  return Error{ErrorKind::unavailable,
               in_time ? words.front() + " failed" + (said.empty() ? "" : ": " + said)
                       : words.front() + " did not answer within " + format(patience),
               "", ""};
}

}  // namespace gangline
