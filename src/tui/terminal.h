// The terminal that this process was started on. ncurses stays in terminal.cpp.
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "tui/screen.h"

namespace gangline {

class Terminal {
 public:
  /// Takes the whole screen of standard input and output. An Error where this terminal is not
  /// known here, or cannot move its cursor.
  static Result<std::unique_ptr<Terminal>> open(bool with_colours);
  /// Gives it back as it was.
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  bool utf8() const { return utf8_; }
  /// As large as it is now, at most `largest_screen`.
  ScreenSize size();
  /// Tells it what differs from what it shows.
  void put(const Grid& grid);
  /// What was typed, without waiting; empty: nothing more.
  std::optional<KeyPress> read();

 private:
  explicit Terminal(bool utf8) : utf8_(utf8) {}
  std::optional<KeyPress> mouse_press();
  void put_cell(int row, int column, const GridCell& cell);
  int looks_of(const GridCell& cell) const;

  bool utf8_;
  bool colours_ = false;
  std::optional<Grid> shown_;
};

/// Whether the terminal of this process is one and can be drawn on.
Result<void> know_terminal();

constexpr ScreenSize largest_screen{500, 1000};

/// Whether the locale of this process has UTF-8. Sets it from the environment first.
bool locale_is_utf8();

}  // namespace gangline
