// A person at a terminal: `gang WORDS…` on a pseudo-terminal of its own.
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <string>
#include <vector>

#include "base/units.h"
#include "machine.h"

namespace gangline {

class AtTerminal {
 public:
  AtTerminal(const Machine& machine, std::vector<std::string> words);
  ~AtTerminal();
  AtTerminal(const AtTerminal&) = delete;
  AtTerminal& operator=(const AtTerminal&) = delete;

  void type(const std::string& text) const;
  void resize(unsigned short columns, unsigned short rows) const;
  void signal(int number) const { ::kill(pid_, number); }
  /// All that was shown, once `text` is in what was shown since the last call; fails after a while.
  testing::AssertionResult shows(const std::string& text);
  /// Its exit code when it has ended; 128 and the signal; -1: not in time.
  int end();
  const std::string& shown() const { return shown_; }
  /// How the terminal is set now.
  termios mode() const;

 private:
  bool read_some(Time until);

  pid_t pid_ = -1;
  int terminal_ = -1;
  bool ended_ = false;
  std::string shown_;
  std::size_t seen_ = 0;
};

}  // namespace gangline
