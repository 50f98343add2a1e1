// The terminal of the person: as it is typed, byte by byte, until this goes out of scope.
#pragma once

#include <termios.h>

#include <optional>

namespace gangline {

struct TerminalSize {
  unsigned short columns = 80, rows = 24;
};

/// Of the terminal behind `fd`; as it usually is where there is none.
TerminalSize terminal_size(int fd);

class RawTerminal {
 public:
  /// Where `fd` is no terminal, nothing is changed.
  explicit RawTerminal(int fd);
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

  bool is_raw() const { return before_.has_value(); }

 private:
  int fd_;
  std::optional<termios> before_;
};

}  // namespace gangline
