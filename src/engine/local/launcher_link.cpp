#include "engine/local/launcher_link.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "launch/launcher.h"
#include "os/file.h"
#include "os/unix_socket.h"

namespace gangline {
namespace {

constexpr Span first_pause = milliseconds(5);
constexpr Span longest_pause = seconds(5);
constexpr int failures_before_trouble = 5;
constexpr Span longest_wait_for_welcome = seconds(10);
constexpr off_t largest_launcher_log = 1 << 20;

Span pause_after(int failures) {
  Span pause = first_pause;
  for (int i = 1; i < failures && pause < longest_pause; ++i) pause = pause + pause;
  return std::min(pause, longest_pause);
}

/// Runs `words` in a session of its own with its output in `log`. Returns its pid.
Result<pid_t> spawn_detached(const std::vector<std::string>& words, const std::string& log) {
  struct stat there {};
  const bool too_large = ::stat(log.c_str(), &there) == 0 && there.st_size > largest_launcher_log;
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, 1, log.c_str(),
                                     O_WRONLY | O_CREAT | (too_large ? O_TRUNC : O_APPEND), 0600);
  ::posix_spawn_file_actions_adddup2(&files, 1, 2);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));  // NOLINT
  argv.push_back(nullptr);
  pid_t pid = -1;
  const int number = ::posix_spawn(&pid, argv.front(), &files, &attributes, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  if (number != 0) return system_error("start the launcher", words.front(), number);
  return pid;
}

}  // namespace

LauncherLink::LauncherLink(Loop& loop, LauncherLinkSettings settings, LauncherLinkCalls calls)
    : loop_(loop), settings_(std::move(settings)), calls_(std::move(calls)) {}

LauncherLink::~LauncherLink() = default;

void LauncherLink::open() {
  if (wanted_) return;
  wanted_ = true;
  closing_ = false;
  connect();
}

void LauncherLink::close() {
  wanted_ = false;
  closing_ = welcomed_ && !outbox_.empty();
  if (!closing_) drop_connection();
}

void LauncherLink::drop_connection() {
  welcomed_ = false;
  readable_.reset();
  writable_.reset();
  timer_.reset();
  socket_.reset();
  socket_to_write_.reset();
}

void LauncherLink::connect() {
  if (!wanted_ || socket_.open() || starting_.open()) return;
  auto socket = connect_unix(settings_.socket);
  if (!socket) {
    start_launcher();
    return;
  }
  socket_ = *std::move(socket);
  socket_to_write_ = Fd(::fcntl(socket_.number(), F_DUPFD_CLOEXEC, 3));
  set_nonblocking(socket_.number());
  inbox_ = {};
  outbox_ = frame_of(HelloMessage{wire_version, calls_.cursor(), settings_.store});
  readable_ = loop_.on_readable(socket_.number(), [this] { read(); });
  timer_ = loop_.after(longest_wait_for_welcome, [this] { lost("the launcher does not answer"); });
  write();
}

void LauncherLink::start_launcher() {
  if (settings_.launcher.empty()) {
    tell_trouble("the launcher does not run; `systemctl status gangline-launcher` says why");
    retry();
    return;
  }
  const std::string directory = settings_.state_dir + "/launcher";
  auto made = make_private_directory(directory);
  if (!made) {
    tell_trouble(made.error().sentence());
    retry();
    return;
  }
  std::vector<std::string> words = settings_.launcher;
  words.insert(words.end(), {"--state", settings_.state_dir});
  const auto pid = spawn_detached(words, directory + "/launcher.log");
  if (!pid) {
    tell_trouble(pid.error().sentence());
    retry();
    return;
  }
  starting_pid_ = *pid;
  starting_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
  if (!starting_.open()) {  // a kernel without pidfds
    launcher_started();
    return;
  }
  started_ = loop_.on_readable(starting_.number(), [this] { launcher_started(); });
}

/// It has gone into the background, or it could not.
void LauncherLink::launcher_started() {
  int status = 0;
  ::waitpid(static_cast<pid_t>(starting_pid_), &status, 0);
  started_.reset();
  starting_.reset();
  if (status != 0) {
    tell_trouble("the launcher cannot run; see " + settings_.state_dir + "/launcher/launcher.log");
    retry();
    return;
  }
  // Where it came too late, the one that was first holds the lock but may not listen yet.
  auto socket = connect_unix(settings_.socket);
  if (!socket) {
    retry();
    return;
  }
  socket->reset();
  connect();
}

void LauncherLink::retry() {
  if (!wanted_) return;
  ++failures_;
  timer_ = loop_.after(pause_after(failures_), [this] { connect(); });
}

void LauncherLink::lost(const std::string& why) {
  const bool was_up = welcomed_;
  drop_connection();
  if (!was_up && failures_ >= failures_before_trouble) tell_trouble(why);
  if (was_up) failures_ = 0;
  retry();
}

void LauncherLink::read() {
  char block[64 << 10];
  for (;;) {
    const ssize_t n = ::recv(socket_.number(), block, sizeof block, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n <= 0) {
      lost("the launcher has ended");
      return;
    }
    inbox_.add({block, static_cast<std::size_t>(n)});
    if (static_cast<std::size_t>(n) < sizeof block) break;
  }
  while (socket_.open()) {
    auto message = inbox_.next();
    if (!message) {
      lost(message.error().sentence());
      return;
    }
    if (!*message) return;
    hear(**std::move(message));
  }
}

void LauncherLink::hear(Message message) {
  if (auto* news = std::get_if<NewsMessage>(&message)) {
    calls_.news(std::move(*news));
  } else if (const auto* trouble = std::get_if<TroubleMessage>(&message)) {
    tell_trouble(trouble->text);
    // It answers, and says why it does not welcome us yet.
    if (!welcomed_ && !trouble->text.empty()) timer_.reset();
  } else if (const auto* welcome = std::get_if<WelcomeMessage>(&message)) {
    if (welcome->version != wire_version) {
      failures_ = std::max(failures_, failures_before_trouble);
      lost("the launcher that runs is of another version of gang; it ends with its gangs");
      return;
    }
    timer_.reset();
    welcomed_ = true;
    failures_ = 0;
    tell_trouble("");
    calls_.welcome(*welcome);
  }
}

void LauncherLink::send(const Message& message) {
  if (!welcomed_) return;
  const bool idle = outbox_.empty();
  outbox_ += frame_of(message);
  // All that is said in one turn of the loop goes in one write.
  if (idle && !writable_)
    writable_ = loop_.on_writable(socket_to_write_.number(), [this] { write(); });
}

void LauncherLink::write() {
  while (!outbox_.empty()) {
    const ssize_t n = ::send(socket_.number(), outbox_.data(), outbox_.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      if (!writable_) writable_ = loop_.on_writable(socket_to_write_.number(), [this] { write(); });
      return;
    }
    if (n < 0) break;  // reading will tell
    outbox_.erase(0, static_cast<std::size_t>(n));
  }
  outbox_.clear();
  writable_.reset();
  if (closing_) drop_connection();
}

void LauncherLink::tell_trouble(std::string text) {
  if (text == trouble_) return;
  trouble_ = std::move(text);
  calls_.trouble(trouble_);
}

}  // namespace gangline
