// A screen as cells of text. Drawing fills one; tests read it; the terminal is told only of cells
// that changed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gangline {

struct ScreenSize {
  int rows = 24, columns = 80;
  bool operator==(const ScreenSize&) const = default;
};

/// What a text means; terminal.cpp says how that looks.
enum class Style : std::uint8_t { plain, strong, faint, good, bad, notice, ahead };

struct GridCell {
  std::string text = " ";  ///< one character with its marks; empty: the right half of a wide one
  Style style = Style::plain;
  bool chosen = false;
  bool operator==(const GridCell&) const = default;
};

/// Columns that one character takes in the locale of this process: 0 for marks on the one before.
int columns_of(char32_t character);
/// The well-formed character at the front of `text`, which is shortened by it.
char32_t take_character(std::string_view& text);
std::string utf8_of(char32_t character);

/// A place in a list, where an `int` says it because it may be moved below 0 meanwhile.
constexpr std::size_t as_index(int place) { return static_cast<std::size_t>(place); }

class Grid {
 public:
  /// Where not `utf8`, all that is put becomes ASCII.
  Grid(ScreenSize size, bool utf8);

  ScreenSize size() const { return size_; }
  bool utf8() const { return utf8_; }
  const GridCell& at(int row, int column) const { return cells_[place(row, column)]; }

  /// Puts text from `column` on, in at most `most` columns, and gives the column behind it. What
  /// would move the cursor or hide text is put as an escape that one can read (`printable`).
  int put(int row, int column, std::string_view text, Style style = Style::plain,
          int most = whole_row);
  /// The same within `width` columns, at their right end if `right`, with "…" where it was cut.
  /// What is beside the text stays as it was.
  void put_fitted(int row, int column, int width, std::string_view text, Style style = Style::plain,
                  bool right = false);
  /// Shows these cells as those that were chosen.
  void choose(int row, int column = 0, int width = whole_row);

  /// The text of a row without blanks at its end.
  std::string row_text(int row) const;

  static constexpr int whole_row = 1 << 20;

 private:
  std::size_t place(int row, int column) const { return as_index(row * size_.columns + column); }
  std::string as_shown(std::string_view text) const;

  ScreenSize size_;
  bool utf8_;
  std::vector<GridCell> cells_;
};

/// Columns that `text` takes once it is printable.
int columns_of_text(std::string_view text);

}  // namespace gangline
