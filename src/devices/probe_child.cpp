#include "devices/probe_child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "devices/probe_wire.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr int longest_farewell_ms = 50;

bool say(int out, const ProbeReply& reply) {
  return write_all(out, message_of(reply), "the probe's parent").ok();
}

bool answer(ProbeRequest request, NodeReader& reader, int out) {
  if (request == ProbeRequest::sample)
    return say(out, {ProbeReplyKind::sample, {}, reader.sample()});
  return say(out, {ProbeReplyKind::cpu_facts, reader.cpu_facts(), {}}) &&
         say(out, {ProbeReplyKind::facts, reader.facts(), {}});
}

/// False at the end of the stream or on a broken one.
bool wait_for_message(int in, MessageCutter& cutter, std::string& message) {
  for (;;) {
    auto next = cutter.next();
    if (!next) return false;
    if (*next) {
      message = std::move(**next);
      return true;
    }
    std::array<char, 4096> block{};
    const ssize_t n = ::read(in, block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    cutter.add({block.data(), static_cast<std::size_t>(n)});
  }
}

/// A descriptor for our own replies, while 1 leads to standard error for whatever else prints.
Fd keep_output_apart(int out) {
  Fd own(::fcntl(out, F_DUPFD_CLOEXEC, 3));
  if (own.open() && out == STDOUT_FILENO) ::dup2(STDERR_FILENO, STDOUT_FILENO);
  return own;
}

struct SpawnSettings {
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};

  explicit SpawnSettings(int socket) {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, socket, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, socket, STDOUT_FILENO);
    ::posix_spawnattr_init(&attributes);
    // The parent may block or ignore signals for its own reasons; the child starts without.
    sigset_t none{}, all{};
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
};

void wait_a_moment_for(int pid) {
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process.open()) return;
  pollfd ended{process.number(), POLLIN, 0};
  ::poll(&ended, 1, longest_farewell_ms);
}

}  // namespace

int run_probe(int in, int out, const Sources& sources) {
  // Ends us also inside a vendor's call; the end of `in` is seen only between calls.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGPIPE, SIG_IGN);
  const Fd replies = keep_output_apart(out);
  if (!replies.open()) return 1;
  NodeReader reader(sources);
  MessageCutter cutter;
  std::string message;
  while (wait_for_message(in, cutter, message)) {
    const auto request = read_request(message);
    if (!request || !answer(*request, reader, replies.number())) return 1;
  }
  return 0;
}

ProbeChild::ProbeChild(ProbeChild&& other) noexcept
    : socket_(std::move(other.socket_)), pid_(std::exchange(other.pid_, -1)) {}

ProbeChild& ProbeChild::operator=(ProbeChild&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(pid_, other.pid_);
  return *this;
}

ProbeChild::~ProbeChild() {
  stop();
  if (pid_ > 0) wait_a_moment_for(pid_);
  gone();
}

Result<ProbeChild> ProbeChild::start(const std::vector<std::string>& command) {
  if (command.empty()) return system_error("start the device probe", "", ENOENT);
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return system_error("start the device probe", command.front(), errno);
  ProbeChild child;
  child.socket_ = Fd(ends[0]);
  const Fd its_end(ends[1]);
  std::vector<char*> words;
  words.reserve(command.size() + 1);
  for (const std::string& word : command)
    words.push_back(const_cast<char*>(word.c_str()));  // posix_spawn does not write to them
  words.push_back(nullptr);
  const SpawnSettings settings(its_end.number());
  const int error = ::posix_spawn(&child.pid_, words.front(), &settings.files, &settings.attributes,
                                  words.data(), environ);
  if (error == 0) return child;
  child.pid_ = -1;
  return system_error("start the device probe", command.front(), error);
}

bool ProbeChild::send(const std::string& message) {
  // A few bytes each, and one request at a time: a socket that has no room for it is a dead one.
  const ssize_t n =
      ::send(socket_.number(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return n == static_cast<ssize_t>(message.size());
}

bool ProbeChild::receive(std::string& bytes) {
  std::array<char, 65536> block{};
  while (bytes.size() <= most_message) {
    const ssize_t n = ::recv(socket_.number(), block.data(), block.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    if (n == 0) return false;
    bytes.append(block.data(), static_cast<std::size_t>(n));
  }
  return true;
}

void ProbeChild::stop() {
  socket_.reset();
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

bool ProbeChild::gone() {
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) != 0)
    pid_ = -1;  // ended, or not ours to wait for
  return pid_ <= 0;
}

}  // namespace gangline
