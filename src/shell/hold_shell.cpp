#include "shell/hold_shell.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/text.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/unix_socket.h"
#include "shell/frame.h"
#include "shell/idle_watch.h"
#include "shell/session.h"
#include "shell/typed_ahead.h"

namespace gangline {
namespace {

constexpr std::size_t most_unsent = 1 << 20;   // then the program waits
constexpr std::size_t most_unseen = 64 << 10;  // kept of what is shown while nobody is connected
constexpr Span longest_flush = seconds(2);
constexpr Span between_ends = seconds(1);
// Who uses less of a CPU than this is idle.
constexpr std::int64_t busy_share = 20;

void complain(const std::string& what) {
  (void)write_all(STDERR_FILENO, "gang: " + what + "\n", "stderr");
}

class HeldShell {
 public:
  explicit HeldShell(const HoldShell& shell)
      : shell_(shell), watch_(shell.longest_idle, now()), alone_since_(now()) {}
  ~HeldShell() { ::unlink(shell_.path.c_str()); }
  HeldShell(const HeldShell&) = delete;
  HeldShell& operator=(const HeldShell&) = delete;

  int go() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : {SIGTERM, SIGHUP, SIGINT, SIGCHLD}) ::sigaddset(&set, number);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    signals_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    auto listener = listen_unix(shell_.path);
    if (!listener) {
      complain(listener.error().sentence());
      return 1;
    }
    listener_ = std::move(*listener);
    while (!over_) {
      wait_for_news();
      look_at_time();
      send_shown();
      if (exit_ && !told_end_) tell_end();
      if (exit_ && (!client_.open() || unsent_.empty() || now() >= flushed_by_)) over_ = true;
    }
    return outcome_.value_or(exit_.value_or(code_of_lost));
  }

 private:
  bool takes_output() const {
    return program_.open() && !exit_ && (!client_.open() || unsent_.size() < most_unsent);
  }

  void wait_for_news() {
    const auto out = [](bool wants) { return static_cast<short>(wants ? POLLOUT : 0); };
    std::array<pollfd, 4> from{
        {{signals_.number(), POLLIN, 0},
         {listener_.number(), POLLIN, 0},
         {client_.number(), static_cast<short>(POLLIN | out(!unsent_.empty())), 0},
         {takes_output() || !typed_.empty() ? program_.number() : -1,
          static_cast<short>((takes_output() ? POLLIN : 0) | out(!typed_.empty())), 0}}};
    const Span left = std::min(seconds(60), std::max(Span{0}, next_look() - now()));
    ::poll(from.data(), from.size(), static_cast<int>((left.us + 999) / 1000));
    if (from[0].revents != 0) heed_signals();
    if (from[1].revents != 0) let_in();
    if ((from[2].revents & ~POLLOUT) != 0) read_client();
    if ((from[3].revents & POLLOUT) != 0) type();
    if ((from[3].revents & ~POLLOUT) != 0 && takes_output()) read_program();
  }

  Time next_look() const {
    Time next = kill_at_;
    if (!outcome_) next = std::min(next, watch_.next());
    if (exit_) next = std::min(next, flushed_by_);
    if (typed_.empty() && program_.open() && !exit_) next = std::min(next, end_typed_at_);
    if (pid_ > 0 && shell_.longest_idle > Span{0}) next = std::min(next, sampled_ + sample_every());
    if (!client_.open() && !outcome_) next = std::min(next, alone_since_ + shell_.longest_alone);
    return next;
  }
  Span sample_every() const {
    return std::clamp(Span{shell_.longest_idle.us / 20}, milliseconds(200), seconds(10));
  }

  void heed_signals() {
    signalfd_siginfo came{};
    while (::read(signals_.number(), &came, sizeof came) == sizeof came) {
      if (came.ssi_signo != SIGCHLD) hang_up(code_of_told);
      int status = 0;
      while (pid_ > 0 && !exit_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
        read_program();  // what it wrote last
        exit_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
      }
    }
  }

  void let_in() {
    auto came = accept_unix(listener_.number());
    if (!came || !came->open()) return;
    const auto peer = peer_of(came->number());
    if (!peer || peer->uid != ::geteuid()) return;
    if (client_.open()) {
      const std::string busy = frame_of(FrameKind::busy, "");
      (void)::send(came->number(), busy.data(), busy.size(), MSG_NOSIGNAL);
      // Closed with its greeting unread, it might lose the answer.
      turned_away_ = std::move(*came);
      return;
    }
    client_ = std::move(*came);
    reader_ = FrameReader();
  }

  void lose_client() {
    client_.reset();
    unsent_.clear();
    end_typed_at_ = never;
    alone_since_ = now();
  }

  void read_client() {
    std::array<char, 16384> bytes;
    const ssize_t n = ::recv(client_.number(), bytes.data(), bytes.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return lose_client();
    reader_.feed({bytes.data(), static_cast<std::size_t>(n)});
    while (client_.open()) {
      auto frame = reader_.next();
      if (!frame) return lose_client();
      if (!*frame) return;
      take(**frame);
    }
  }

  void take(const Frame& frame) {
    const auto number = [&](std::size_t n) { return number_in(frame, n).value_or(0); };
    const winsize size{static_cast<unsigned short>(number(1)),
                       static_cast<unsigned short>(number(0)), 0, 0};
    switch (frame.kind) {
      case FrameKind::hello:
        if (pid_ == 0) start(size);
        else resize(size);
        watch_.ends_at(number(2) > 0 ? Time{number(2)} : never, now());
        watch_.is_active(now());
        break;
      case FrameKind::size: resize(size); break;
      case FrameKind::typed:
        watch_.is_active(now());
        typed_.add(frame.body);
        break;
      case FrameKind::no_more: end_typed_at_ = now(); break;
      default: break;
    }
    if (!typed_.empty()) type();
    else type_end();
  }

  /// A program that changes the mode of its terminal meanwhile, as a shell does before its prompt,
  /// loses an end that was typed: it is typed until it was heeded.
  void type_end() {
    const Time t = now();
    if (t < end_typed_at_ || !program_.open() || exit_) return;
    end_typed_at_ = t + between_ends;
    typed_.add_end();
    type();
  }

  void resize(const winsize& size) const {
    if (size.ws_col > 0 && size.ws_row > 0) ::ioctl(program_.number(), TIOCSWINSZ, &size);
  }

  void start(const winsize& size) {
    std::vector<char*> words;
    for (const std::string& word : shell_.words) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    int master = -1;
    const pid_t child = ::forkpty(&master, nullptr, nullptr, &size);
    if (child == 0) {
      sigset_t none;
      ::sigemptyset(&none);
      ::sigprocmask(SIG_SETMASK, &none, nullptr);
      ::signal(SIGPIPE, SIG_DFL);
      ::execvp(words[0], words.data());
      complain("cannot start " + shell_.words[0] + ": " + std::strerror(errno));
      ::_exit(127);
    }
    if (child < 0) {
      complain(system_error("make a terminal for", shell_.words[0], errno).sentence());
      exit_ = 1;
      return;
    }
    pid_ = child;
    program_ = Fd(master);
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
    set_nonblocking(master);
    sampled_ = now();
  }

  void type() {
    const ssize_t n = ::write(program_.number(), typed_.bytes().data(), typed_.bytes().size());
    if (n > 0) typed_.was_read(static_cast<std::size_t>(n));
    else if (errno != EAGAIN && errno != EINTR) typed_.clear();
  }

  void read_program() {
    std::array<char, 16384> bytes;
    for (int i = 0; i < 16; ++i) {
      const ssize_t n = ::read(program_.number(), bytes.data(), bytes.size());
      if (n < 0 && errno == EIO) program_.reset();  // nobody has it open any more
      if (n <= 0) return;
      watch_.is_active(now());
      shown_.append(bytes.data(), static_cast<std::size_t>(n));
    }
  }

  void send_shown() {
    if (!client_.open()) {
      if (shown_.size() > most_unseen) shown_.erase(0, shown_.size() - most_unseen);
      return;
    }
    if (!shown_.empty()) unsent_ += frame_of(FrameKind::shown, shown_);
    shown_.clear();
    if (unsent_.empty()) return;
    const ssize_t n = ::send(client_.number(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (n > 0) {
      unsent_.erase(0, static_cast<std::size_t>(n));
      if (told_end_) flushed_by_ = now() + longest_flush;  // a slow terminal gets all
    } else if (errno != EAGAIN && errno != EINTR) {
      lose_client();
    }
  }

  void tell_end() {
    told_end_ = true;
    flushed_by_ = now() + longest_flush;
    // Who was told to end does not know why: the job does.
    if (outcome_ != code_of_told)
      unsent_ += frame_of(FrameKind::ended, body_of({outcome_.value_or(*exit_)}));
    send_shown();
  }

  void look_at_time() {
    const Time t = now();
    if (pid_ > 0 && shell_.longest_idle > Span{0} && t >= sampled_ + sample_every()) {
      const Span used = cpu_time_of_session(pid_);
      if ((used - cpu_used_).us * busy_share >= (t - sampled_).us) watch_.is_active(t);
      cpu_used_ = used;
      sampled_ = t;
    }
    if (const std::string line = watch_.tell(t); !line.empty()) tell(line);
    if (watch_.is_over(t) && !outcome_) {
      tell("gang: nothing has happened here for " + format(shell_.longest_idle) +
           ": the shell ends and gives back what it has");
      hang_up(0);
    }
    if (!client_.open() && t >= alone_since_ + shell_.longest_alone && !outcome_)
      hang_up(code_of_lost);
    if (typed_.empty()) type_end();
    if (t >= kill_at_) {
      signal_session(pid_, SIGKILL);
      kill_at_ = t + longest_hang_up;
    }
  }

  void tell(const std::string& line) { shown_ += "\r\n" + line + "\r\n"; }

  /// Its programs are told that the terminal is gone.
  void hang_up(int outcome) {
    if (outcome_) return;
    outcome_ = outcome;
    if (pid_ == 0) {
      exit_ = outcome;
      return;
    }
    const pid_t in_front = ::tcgetpgrp(program_.number());
    for (const pid_t group : {pid_, in_front}) {
      if (group <= 0) continue;
      ::kill(-group, SIGHUP);
      ::kill(-group, SIGCONT);
    }
    kill_at_ = now() + longest_hang_up;
  }

  const HoldShell shell_;
  IdleWatch watch_;
  Fd signals_, listener_, client_, turned_away_, program_;
  pid_t pid_ = 0;
  FrameReader reader_;
  TypedAhead typed_;
  std::string shown_;           ///< by the program, not made into frames yet
  std::string unsent_;          ///< frames
  std::optional<int> outcome_;  ///< it was told to end: what comes of it
  std::optional<int> exit_;     ///< of the program
  bool told_end_ = false, over_ = false;
  Time alone_since_, sampled_{0}, kill_at_ = never, flushed_by_ = never;
  Time end_typed_at_ = never;  ///< nothing more will be typed: the next time to say so
  Span cpu_used_{0};
};

}  // namespace

int hold_shell(const HoldShell& shell) { return HeldShell(shell).go(); }

}  // namespace gangline
