#include "tui/watch_over.h"

#define NCURSES_NOMACROS 1
#include <curses.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/text.h"

namespace gangline {
namespace {

volatile std::sig_atomic_t watched = 0;
volatile std::sig_atomic_t interrupts = 0;

// The terminal sends Ctrl-C to both processes. Where the one that draws does not heed it, three
// end it.
void pass_on(int signal) {
  if (watched <= 0) return;
  if (signal == SIGINT) {
    interrupts = interrupts + 1;
    if (interrupts < 3) return;
    signal = SIGKILL;
  }
  ::kill(static_cast<pid_t>(watched), signal);
}

/// How the terminal was, and the words with which its own modes end.
class TerminalBefore {
 public:
  TerminalBefore() {
    set_ = ::tcgetattr(STDIN_FILENO, &modes_) == 0;
    int known = 0;
    if (::setupterm(nullptr, STDOUT_FILENO, &known) != OK || known != 1) return;
    for (const char* name : {"rmkx", "sgr0", "cnorm", "rmcup"}) {
      const char* word = ::tigetstr(name);
      if (word != nullptr && word != reinterpret_cast<const char*>(-1)) words_ += word;  // NOLINT
    }
    const char* mouse = ::tigetstr("kmous");
    if (mouse != nullptr && mouse != reinterpret_cast<const char*>(-1))  // NOLINT
      words_ = "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l" + words_;
  }

  void give_back() const {
    if (!words_.empty() && ::write(STDOUT_FILENO, words_.data(), words_.size()) < 0) return;
    if (set_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &modes_);
  }

 private:
  termios modes_{};
  bool set_ = false;
  std::string words_;
};

void set_signals() {
  struct sigaction action {};
  action.sa_handler = pass_on;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
  // The terminal stops the one that draws, which gives the terminal back first; then we stop.
  ::signal(SIGTSTP, SIG_IGN);
  ::signal(SIGTTOU, SIG_IGN);
}

void pass_on_errors(int errors) {
  constexpr off_t most = 64 << 10;
  const off_t size = ::lseek(errors, 0, SEEK_END);
  std::string text(static_cast<std::size_t>(std::max<off_t>(0, std::min(size, most))), '\0');
  const ssize_t n = ::pread(errors, text.data(), text.size(), std::max<off_t>(0, size - most));
  text.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  std::fprintf(stderr, "%s", printable(text, true).c_str());
}

void tell_crash(int signal) {
  const char* name = ::strsignal(signal);  // NOLINT(concurrency-mt-unsafe): one thread
  std::fprintf(stderr,
               "gang: the screen was ended by signal %d (%s), and the terminal is as it was; jobs "
               "go on, and `gang top` shows them again\n",
               signal, name == nullptr ? "unknown" : name);
}

}  // namespace

int watch_over(const std::function<int()>& screen) {
  const TerminalBefore before;
  const int errors = ::memfd_create("stderr", MFD_CLOEXEC);
  const pid_t parent = ::getpid();
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) return screen();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(1);
    if (errors >= 0) ::dup2(errors, STDERR_FILENO);
    // Its threads wait for answers and are left where they are.
    const int code = screen();
    std::fflush(nullptr);
    ::_exit(code);
  }
  watched = child;
  set_signals();
  int status = 0;
  for (;;) {
    const pid_t ended = ::waitpid(child, &status, WUNTRACED);
    if (ended < 0 && errno == EINTR) continue;
    if (ended < 0) return 1;
    if (!WIFSTOPPED(status)) break;
    ::raise(SIGSTOP);
    ::kill(child, SIGCONT);
  }
  watched = 0;
  if (WIFEXITED(status)) {
    if (errors >= 0) pass_on_errors(errors);
    return WEXITSTATUS(status);
  }
  before.give_back();
  if (errors >= 0) pass_on_errors(errors);
  tell_crash(WTERMSIG(status));
  return 128 + WTERMSIG(status);
}

}  // namespace gangline
