#include "shell/join_shell.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "os/fd.h"
#include "os/file.h"
#include "os/unix_socket.h"
#include "shell/frame.h"
#include "shell/terminal.h"

namespace gangline {
namespace {

/// These come as bytes of a descriptor for as long as this lives.
class Signals {
 public:
  Signals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : {SIGHUP, SIGTERM, SIGINT, SIGWINCH}) ::sigaddset(&set, number);
    ::sigprocmask(SIG_BLOCK, &set, &before_);
    fd_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  ~Signals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  int fd() const { return fd_.number(); }
  /// The next that came; 0: none.
  int next() const {
    signalfd_siginfo came{};
    return ::read(fd(), &came, sizeof came) == sizeof came ? static_cast<int>(came.ssi_signo) : 0;
  }

 private:
  sigset_t before_{};
  Fd fd_;
};

class Joined {
 public:
  explicit Joined(Fd socket) : socket_(std::move(socket)) {}

  Result<ShellLeft> go(const JoinShell& shell) {
    const Signals signals;
    const RawTerminal raw(STDIN_FILENO);
    const TerminalSize size = terminal_size(STDIN_FILENO);
    send(FrameKind::hello,
         body_of({size.columns, size.rows, shell.ends == never ? 0 : shell.ends.us}));
    while (!over_) {
      std::array<pollfd, 3> from{{{signals.fd(), POLLIN, 0},
                                  {socket_.number(), POLLIN, 0},
                                  {reads_ ? STDIN_FILENO : -1, POLLIN, 0}}};
      if (::poll(from.data(), from.size(), -1) < 0 && errno != EINTR) break;
      if (from[0].revents != 0) heed(signals.next());
      if (from[1].revents != 0 && !over_) show();
      if (from[2].revents != 0 && !over_) type();
    }
    if (refused_)
      return Error{ErrorKind::refused, "somebody is connected to this shell already", "", ""};
    return left_;
  }

 private:
  void send(FrameKind kind, std::string_view body) {
    if (!write_all(socket_.number(), frame_of(kind, body), "the shell's socket")) over_ = true;
  }

  void heed(int number) {
    if (number == SIGWINCH) {
      const TerminalSize size = terminal_size(STDIN_FILENO);
      return send(FrameKind::size, body_of({size.columns, size.rows}));
    }
    if (number == 0) return;
    left_.signal = number;
    over_ = true;
  }

  void type() {
    std::array<char, 4096> bytes;
    const ssize_t n = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (n > 0) return send(FrameKind::typed, {bytes.data(), static_cast<std::size_t>(n)});
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    reads_ = false;
    send(FrameKind::no_more, "");
  }

  void show() {
    std::array<char, 16384> bytes;
    const ssize_t n = ::read(socket_.number(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) return;
    if (n <= 0) {
      over_ = true;
      return;
    }
    reader_.feed({bytes.data(), static_cast<std::size_t>(n)});
    while (!over_) {
      auto frame = reader_.next();
      over_ = !frame;
      if (!frame || !*frame) return;
      take(**frame);
    }
  }

  void take(const Frame& frame) {
    if (frame.kind == FrameKind::shown)
      over_ = !write_all(STDOUT_FILENO, frame.body, "the terminal");
    refused_ = frame.kind == FrameKind::busy;
    if (frame.kind == FrameKind::ended)
      left_.code = static_cast<int>(number_in(frame, 0).value_or(0));
    over_ = over_ || refused_ || frame.kind == FrameKind::ended;
  }

  Fd socket_;
  FrameReader reader_;
  ShellLeft left_;
  bool reads_ = true, over_ = false, refused_ = false;
};

}  // namespace

Result<ShellLeft> join_shell(const JoinShell& shell) {
  ::signal(SIGPIPE, SIG_IGN);
  auto socket = connect_unix(shell.path);
  if (!socket) return socket.error();
  const auto peer = peer_of(socket->number());
  if (!peer) return peer.error();
  if (peer->uid != ::geteuid())
    return Error{ErrorKind::denied, "the shell there is another user's", shell.path, ""};
  return Joined(std::move(*socket)).go(shell);
}

}  // namespace gangline
