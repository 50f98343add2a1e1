#include "tui/terminal.h"

#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <curses.h>
#include <fcntl.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <cstring>

#include "base/text.h"

#undef columns  // a macro of term.h

namespace gangline {
namespace {

SCREEN* screen = nullptr;  // NOLINT: the one terminal; ncurses has it as a global, too

enum Pair : short { of_good = 1, of_bad, of_notice, of_ahead };

Error unknown_terminal(const char* name) {
  const std::string named = name == nullptr || *name == '\0' ? "" : printable(name);
  return {ErrorKind::refused,
          named.empty() ? "this terminal has no name: TERM is not set"
                        : "nothing is known here of a terminal called '" + named + "'",
          "TERM",
          "`TERM=xterm gang top` where it is like xterm, as most are (package ncurses-base); "
          "`gang top --once` needs none"};
}

// Whatever ncurses reads, it does not wait for more. The terminal is opened once more for that: its
// standard input is that of the shell as well.
void read_without_waiting() {
  const char* name = ::ttyname(STDIN_FILENO);  // NOLINT(concurrency-mt-unsafe): one thread
  const int own = ::open(name == nullptr ? "/dev/tty" : name, O_RDWR | O_NONBLOCK | O_NOCTTY);
  if (own < 0) return;
  ::dup2(own, STDIN_FILENO);
  ::close(own);
}

std::optional<KeyPress> special_key(int code) {
  static constexpr std::pair<int, KeyKind> kinds[] = {
      {KEY_UP, KeyKind::up},         {KEY_DOWN, KeyKind::down},
      {KEY_LEFT, KeyKind::left},     {KEY_RIGHT, KeyKind::right},
      {KEY_PPAGE, KeyKind::page_up}, {KEY_NPAGE, KeyKind::page_down},
      {KEY_HOME, KeyKind::home},     {KEY_END, KeyKind::end},
      {KEY_ENTER, KeyKind::enter},   {KEY_BACKSPACE, KeyKind::backspace},
      {KEY_DC, KeyKind::backspace},
  };
  for (const auto& [its, kind] : kinds)
    if (its == code) return KeyPress{kind};
  return std::nullopt;
}

std::optional<KeyPress> plain_key(char32_t character) {
  switch (character) {
    case '\r':
    case '\n': return KeyPress{KeyKind::enter};
    case 27: return KeyPress{KeyKind::escape};
    case 8:
    case 127: return KeyPress{KeyKind::backspace};
    case 2: return KeyPress{KeyKind::page_up};    // Ctrl-B
    case 6: return KeyPress{KeyKind::page_down};  // Ctrl-F
    default: break;
  }
  if (character < 32) return std::nullopt;
  return KeyPress{KeyKind::character, character};
}

}  // namespace

bool locale_is_utf8() {
  std::setlocale(LC_CTYPE, "");  // NOLINT(concurrency-mt-unsafe): before there are threads
  return std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0;
}

Result<void> know_terminal() {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1)
    return Error{ErrorKind::refused, "`gang top` needs a terminal to draw on and read keys from",
                 "",
                 "`gang top --once` prints what there is once; `gang list --json` and "
                 "`gang nodes --json` are for programs"};
  const char* name = std::getenv("TERM");
  int known = 0;
  // `newterm` alone would end the process where it knows no such terminal.
  if (name == nullptr || *name == '\0' || ::setupterm(nullptr, STDOUT_FILENO, &known) != OK ||
      known != 1)
    return unknown_terminal(name);
  if (::tigetstr("cup") == nullptr)
    return Error{ErrorKind::refused,
                 "the terminal '" + printable(name) + "' cannot move its cursor", "TERM",
                 "`gang top --once` prints what there is once"};
  return {};
}

Result<std::unique_ptr<Terminal>> Terminal::open(bool with_colours) {
  const bool utf8 = locale_is_utf8();
  if (const auto known = know_terminal(); !known) return known.error();
  read_without_waiting();
  screen = ::newterm(nullptr, stdout, stdin);
  if (screen == nullptr) return unknown_terminal(std::getenv("TERM"));
  ::set_term(screen);
  ::cbreak();
  ::noecho();
  ::nonl();
  ::keypad(stdscr, TRUE);
  ::nodelay(stdscr, TRUE);
  ::set_escdelay(50);
  ::curs_set(0);
  ::mouseinterval(0);
  // All of them: ncurses waits for the next key after an event that was not asked for.
  ::mousemask(ALL_MOUSE_EVENTS, nullptr);
  std::unique_ptr<Terminal> terminal(new Terminal(utf8));
  if (with_colours && ::has_colors() && ::start_color() == OK) {
    const short paper = use_default_colors() == OK ? short{-1} : short{COLOR_BLACK};
    ::init_pair(of_good, COLOR_GREEN, paper);
    ::init_pair(of_bad, COLOR_RED, paper);
    ::init_pair(of_notice, COLOR_YELLOW, paper);
    ::init_pair(of_ahead, COLOR_CYAN, paper);
    terminal->colours_ = true;
  }
  return terminal;
}

Terminal::~Terminal() {
  ::endwin();
  ::delscreen(screen);
  screen = nullptr;
}

ScreenSize Terminal::size() {
  winsize now{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) == 0 && now.ws_row > 0 && now.ws_col > 0) {
    const int rows = std::min<int>(now.ws_row, largest_screen.rows);
    const int wide = std::min<int>(now.ws_col, largest_screen.columns);
    if (rows != getmaxy(stdscr) || wide != getmaxx(stdscr)) {
      ::resizeterm(rows, wide);
      ::clearok(stdscr, TRUE);
      shown_.reset();
    }
  }
  return {getmaxy(stdscr), getmaxx(stdscr)};
}

int Terminal::looks_of(const GridCell& cell) const {
  attr_t looks = cell.chosen ? A_REVERSE : A_NORMAL;
  const auto coloured = [&](short pair, attr_t without) {
    looks |= colours_ ? static_cast<attr_t>(COLOR_PAIR(pair)) : without;
  };
  switch (cell.style) {
    case Style::plain: break;
    case Style::strong: looks |= A_BOLD; break;
    case Style::faint: looks |= A_DIM; break;
    case Style::good: coloured(of_good, A_NORMAL); break;
    case Style::bad: coloured(of_bad, A_BOLD); break;
    case Style::notice: coloured(of_notice, A_BOLD); break;
    case Style::ahead: coloured(of_ahead, A_DIM); break;
  }
  return static_cast<int>(looks);
}

void Terminal::put_cell(int row, int column, const GridCell& cell) {
  if (cell.text.empty()) return;  // the right half of the one before
  constexpr std::size_t most = CCHARW_MAX;
  wchar_t characters[most + 1] = {};
  std::string_view rest = cell.text;
  for (std::size_t i = 0; i < most && !rest.empty(); ++i)
    characters[i] = static_cast<wchar_t>(take_character(rest));
  const auto looks = static_cast<attr_t>(looks_of(cell));
  cchar_t whole{};
  if (setcchar(&whole, characters, looks & ~A_COLOR,
               static_cast<short>(PAIR_NUMBER(static_cast<int>(looks))), nullptr) != OK)
    return;
  ::mvadd_wch(row, column, &whole);
}

void Terminal::put(const Grid& grid) {
  const ScreenSize size = grid.size();
  const bool anew = !shown_ || shown_->size() != size;
  if (anew) ::erase();
  for (int row = 0; row < size.rows; ++row)
    for (int column = 0; column < size.columns; ++column)
      if (anew || grid.at(row, column) != shown_->at(row, column))
        put_cell(row, column, grid.at(row, column));
  shown_ = grid;
  ::refresh();
}

std::optional<KeyPress> Terminal::mouse_press() {
  static constexpr std::pair<mmask_t, KeyKind> kinds[] = {{BUTTON1_PRESSED, KeyKind::click},
                                                          {BUTTON4_PRESSED, KeyKind::wheel_up},
                                                          {BUTTON5_PRESSED, KeyKind::wheel_down}};
  MEVENT event{};
  if (getmouse(&event) != OK) return std::nullopt;
  for (const auto& [its, kind] : kinds)
    if ((event.bstate & its) != 0) return KeyPress{kind, 0, event.y, event.x};
  return std::nullopt;
}

std::optional<KeyPress> Terminal::read() {
  constexpr char32_t again = 12;  // Ctrl-L
  for (;;) {
    wint_t code = 0;
    const int kind = ::wget_wch(stdscr, &code);
    if (kind == ERR) return std::nullopt;
    if (kind == KEY_CODE_YES) {
      if (const auto key = code == KEY_MOUSE ? mouse_press() : special_key(static_cast<int>(code)))
        return key;
      continue;
    }
    if (code == again) {
      ::clearok(stdscr, TRUE);
      shown_.reset();
      continue;
    }
    if (const auto key = plain_key(static_cast<char32_t>(code))) return key;
  }
}

}  // namespace gangline
