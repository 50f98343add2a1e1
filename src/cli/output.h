// What commands print: tables for people, JSON for programs, and the quiet form with the one thing
// that a script wants.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/command_world.h"

namespace gangline {

enum class Form { people, json, quiet };

enum class Colour { none, good, bad, faint, strong };

/// Rows of cells, printed in columns that fit the terminal: the last column gives way.
class Table {
 public:
  explicit Table(std::vector<std::string> titles) : titles_(std::move(titles)) {}
  void row(std::vector<std::string> cells, Colour colour = Colour::none);
  bool empty() const { return rows_.empty(); }

 private:
  friend class Output;
  struct Row {
    std::vector<std::string> cells;
    Colour colour;
  };
  std::vector<std::string> titles_;
  std::vector<Row> rows_;
};

class Output {
 public:
  Output(CommandWorld& around, Form form) : around_(around), form_(form) {}

  Form form() const { return form_; }
  bool json() const { return form_ == Form::json; }
  bool quiet() const { return form_ == Form::quiet; }

  void line(const std::string& text) { around_.out(text + "\n"); }
  void table(const Table& table);
  /// `text` in a colour where the terminal shows colours.
  std::string paint(const std::string& text, Colour colour) const;
  /// The error as a sentence on standard error (with --json as JSON); returns the exit code.
  int fail(const Error& error);
  /// A command to give next, which asks whom this one asks: "`gang logs --server lab 7`".
  std::string next(const std::string& words) const;
  /// The same for each command of `text` that stands in backticks and can ask elsewhere.
  std::string to_whom(const std::string& text) const;

  CommandWorld& around() { return around_; }

 private:
  CommandWorld& around_;
  Form form_;
};

/// Those that may ask another machine's service. All others are about this machine.
std::span<const char* const> far_commands();
bool asks_far(std::string_view command);

/// Columns that `text` (UTF-8) takes, one for each character.
std::size_t columns_of(std::string_view text);
/// "3m20s ago"; "-" for none.
std::string ago(const std::optional<Time>& then, Time now);

}  // namespace gangline
