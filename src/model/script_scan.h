// How a place in a shell script is quoted. Knows as much of the shell's grammar as it takes to put
// a variable there so that it stays one word; a wrong answer spoils a word, but never runs one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gangline {

enum class ScriptQuote : std::uint8_t {
  none,
  single_quotes,  ///< '…'
  double_quotes,  ///< "…"
  dollar_quotes,  ///< $'…'
  comment,        ///< # …
  document,       ///< here-document in which variables are read
  raw_document,   ///< here-document with a quoted delimiter
};

class ScriptScan {
 public:
  /// Keeps `script`, which must outlive it.
  explicit ScriptScan(std::string_view script) : script_(script) {}

  /// How the byte at `offset` is quoted. Offsets asked for must not go back.
  ScriptQuote quote_at(std::size_t offset);

  /// The line that ends the here-document we are in; empty outside one.
  std::string_view closing_line() const;

 private:
  // What `$(`, `(` and a backtick open: commands that end with `closes`.
  struct Level {
    ScriptQuote quote = ScriptQuote::none;
    char closes = 0;
    bool arithmetic = false;
  };
  struct Document {
    std::string closing_line;
    bool raw = false;
    bool skips_tabs = false;
  };

  static constexpr std::size_t most_documents = 100;  ///< each costs one search of the script

  void step();
  void step_in_commands(char c);
  void step_in_double_quotes(char c);
  void step_in_document();
  void open_commands(char closes, bool arithmetic) {
    levels_.push_back({ScriptQuote::none, closes, arithmetic});
  }
  void close_commands() { levels_.pop_back(); }
  void note_document();
  bool ends_later(const Document& document) const;
  bool at_word_start() const;
  bool ahead(std::string_view text) const { return script_.substr(at_).starts_with(text); }
  Level& level() { return levels_.back(); }

  std::string_view script_;
  std::size_t at_ = 0;
  std::vector<Level> levels_{Level{}};
  std::vector<Document> announced_;  ///< their text begins with the next line
  std::size_t seen_documents_ = 0;
  bool in_document_ = false;  ///< the first of `announced_`
};

}  // namespace gangline
