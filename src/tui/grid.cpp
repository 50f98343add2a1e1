#include "tui/grid.h"

#include <wchar.h>

#include <algorithm>

#include "base/text.h"

namespace gangline {
namespace {

constexpr std::size_t longest_cell = 32;  // bytes: a character and a few marks

// What stands for a character where only ASCII can be shown.
char ascii_for(char32_t c) {
  switch (c) {
    case U'…': return '~';
    case U'–':
    case U'─': return '-';
    case U'·': return '.';
    case U'│': return '|';
    case U'█': return '#';
    case U'▒': return '=';
    case U'░': return '.';
    default: return '?';
  }
}

}  // namespace

char32_t take_character(std::string_view& text) {
  const std::size_t length = std::max<std::size_t>(1, utf8_length(text));
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  char32_t c = byte(0);
  if (length > 1) c &= 0xffu >> (length + 1);
  for (std::size_t i = 1; i < length; ++i) c = (c << 6) | (byte(i) & 0x3fu);
  text.remove_prefix(length);
  return c;
}

std::string utf8_of(char32_t character) {
  const auto byte = [](char32_t bits) { return static_cast<char>(bits); };
  const auto next = [&](int shift) { return byte(0x80 | ((character >> shift) & 0x3f)); };
  if (character < 0x80) return {byte(character)};
  if (character < 0x800) return {byte(0xc0 | (character >> 6)), next(0)};
  if (character < 0x10000) return {byte(0xe0 | (character >> 12)), next(6), next(0)};
  return {byte(0xf0 | (character >> 18)), next(12), next(6), next(0)};
}

int columns_of(char32_t character) {
  if (character < 0x7f) return 1;
  // Where the C library knows no such character, terminals show one column of something.
  const int width = ::wcwidth(static_cast<wchar_t>(character));
  return width < 0 ? 1 : width;
}

int columns_of_text(std::string_view text) {
  const std::string shown = printable(text);
  std::string_view rest = shown;
  int columns = 0;
  while (!rest.empty()) columns += columns_of(take_character(rest));
  return columns;
}

Grid::Grid(ScreenSize size, bool utf8)
    : size_(size), utf8_(utf8), cells_(static_cast<std::size_t>(size.rows * size.columns)) {}

std::string Grid::as_shown(std::string_view text) const {
  std::string shown = printable(text);
  if (utf8_) return shown;
  std::string ascii;
  std::string_view rest = shown;
  while (!rest.empty()) {
    const char32_t c = take_character(rest);
    if (c < 0x80) ascii += static_cast<char>(c);
    else ascii += ascii_for(c);
  }
  return ascii;
}

int Grid::put(int row, int column, std::string_view text, Style style, int most) {
  if (row < 0 || row >= size_.rows || column < 0) return column;
  const int end = most >= size_.columns - column ? size_.columns : column + most;
  const std::string shown = as_shown(text);
  std::string_view rest = shown;
  int last = -1;
  while (!rest.empty()) {
    const std::string_view before = rest;
    const int width = columns_of(take_character(rest));
    const std::string_view character = before.substr(0, before.size() - rest.size());
    if (width == 0) {
      if (last < 0) continue;
      std::string& marked = cells_[place(row, last)].text;
      if (marked.size() + character.size() <= longest_cell) marked += character;
      continue;
    }
    if (column + width > end) break;
    // Half of a wide character is none.
    if (column > 0 && at(row, column).text.empty()) cells_[place(row, column - 1)].text = " ";
    cells_[place(row, column)] = {std::string(character), style, false};
    for (int i = 1; i < width; ++i) cells_[place(row, column + i)] = {"", style, false};
    last = column;
    column += width;
    if (column < size_.columns && at(row, column).text.empty())
      cells_[place(row, column)].text = " ";
  }
  return column;
}

void Grid::put_fitted(int row, int column, int width, std::string_view text, Style style,
                      bool right) {
  width = std::min(width, size_.columns - column);
  if (width <= 0) return;
  const int needed = columns_of_text(text);
  if (needed > width) {
    const int behind = put(row, column, text, style, width - 1);
    put(row, behind, "…", style, 1);
    return;
  }
  put(row, right ? column + width - needed : column, text, style, width);
}

void Grid::choose(int row, int column, int width) {
  if (row < 0 || row >= size_.rows) return;
  const int end = width >= size_.columns - column ? size_.columns : column + width;
  for (; column < end; ++column) cells_[place(row, column)].chosen = true;
}

std::string Grid::row_text(int row) const {
  std::string text;
  for (int column = 0; column < size_.columns; ++column) text += at(row, column).text;
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace gangline
