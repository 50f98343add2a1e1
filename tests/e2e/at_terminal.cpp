#include "at_terminal.h"

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "os/clock.h"

namespace gangline {
namespace {

constexpr Span longest = seconds(20);

}  // namespace

AtTerminal::AtTerminal(const Machine& machine, std::vector<std::string> words) {
  words.insert(words.begin(), Machine::program());
  std::vector<std::string> variables;
  for (const auto& [name, value] : machine.environment()) variables.push_back(name + "=" + value);
  std::vector<char*> argv, envp;
  for (std::string& word : words) argv.push_back(word.data());
  for (std::string& variable : variables) envp.push_back(variable.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  const winsize size{30, 100, 0, 0};
  pid_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
  if (pid_ == 0) {
    if (::chdir(machine.path().c_str()) == 0) ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
}

AtTerminal::~AtTerminal() {
  if (!ended_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(terminal_);
}

void AtTerminal::type(const std::string& text) const {
  EXPECT_EQ(::write(terminal_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

void AtTerminal::resize(unsigned short columns, unsigned short rows) const {
  const winsize size{rows, columns, 0, 0};
  ::ioctl(terminal_, TIOCSWINSZ, &size);
}

bool AtTerminal::read_some(Time until) {
  pollfd from{terminal_, POLLIN, 0};
  const Span left = std::max(Span{0}, until - now());
  if (::poll(&from, 1, static_cast<int>(left.us / 1000)) <= 0) return false;
  char bytes[4096];
  const ssize_t n = ::read(terminal_, bytes, sizeof bytes);
  if (n > 0) shown_.append(bytes, static_cast<std::size_t>(n));
  return n > 0;
}

testing::AssertionResult AtTerminal::shows(const std::string& text) {
  const Time until = now() + longest;
  for (;;) {
    const std::size_t at = shown_.find(text, seen_);
    if (at != std::string::npos) {
      seen_ = at + text.size();
      return testing::AssertionSuccess();
    }
    if (!read_some(until))
      return testing::AssertionFailure() << "'" << text << "' was not shown in:\n" << shown_;
  }
}

int AtTerminal::end() {
  const Time until = now() + longest;
  while (read_some(until)) {
  }
  int status = 0;
  if (!becomes_true([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; })) return -1;
  ended_ = true;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

termios AtTerminal::mode() const {
  termios mode{};
  ::tcgetattr(terminal_, &mode);
  return mode;
}

}  // namespace gangline
