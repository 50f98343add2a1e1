#include "model/placeholders.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "base/text.h"
#include "model/script_scan.h"

namespace gangline {
namespace {

bool begins_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool continues_name(char c) { return begins_name(c) || (c >= '0' && c <= '9'); }

std::size_t run_of(char c, std::string_view text, std::size_t at) {
  std::size_t n = 0;
  while (at + n < text.size() && text[at + n] == c) ++n;
  return n;
}

// A name in one, two or three pairs of braces: text[begin, end).
struct Group {
  std::size_t begin = 0, end = 0;
  std::size_t pairs = 0;
  std::string_view name;
};

// The first group that begins at `from` or later.
std::optional<Group> next_group(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find('{', from); at != std::string_view::npos;
       at = text.find('{', at)) {
    const std::size_t opening = run_of('{', text, at);
    const std::size_t name = at + opening;
    std::size_t end = name;
    while (end < text.size() && continues_name(text[end])) ++end;
    const bool of_shell = at > 0 && text[at - 1] == '$';
    const bool closes = opening <= 3 && run_of('}', text, end) >= opening;
    if (!of_shell && closes && end > name && begins_name(text[name]))
      return Group{at, end + opening, opening, text.substr(name, end - name)};
    at = end;
  }
  return std::nullopt;
}

const EnvVar* value_of(std::string_view name, std::span<const EnvVar> values) {
  const auto at =
      std::find_if(values.begin(), values.end(), [&](const EnvVar& v) { return v.first == name; });
  return at == values.end() ? nullptr : &*at;
}

// A value that means nothing to a shell, wherever it stands. Not '=' and ',' (an assignment, an
// element in braces), though they are plain inside a word.
bool is_plain(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return continues_name(c) || std::string_view("-+./:@%").find(c) != std::string_view::npos;
  });
}

// Puts values into a script, those that are not plain through variables.
class ScriptWriter {
 public:
  explicit ScriptWriter(std::string_view script) : scan_(script) {}

  void text(std::string_view text) { script_ += text; }

  void value(const EnvVar& value, std::size_t offset) {
    const auto quote = scan_.quote_at(offset);
    const bool may_close = scan_.closing_line().find(trim(value.second)) != std::string_view::npos;
    if (value.first == "outputs") script_ += value.second;
    else if (quote == ScriptQuote::raw_document) script_ += one_line(value.second, may_close);
    else if (is_plain(value.second) && !(quote == ScriptQuote::document && may_close))
      script_ += value.second;
    else script_ += in_place(quote, variable_for(value));
  }

  std::string take() { return assignments_ + script_; }

 private:
  // A value on a line of its own must not look like the line that ends the here-document.
  static std::string one_line(std::string_view value, bool may_close) {
    std::string line(value);
    std::replace(line.begin(), line.end(), '\n', ' ');
    return may_close ? line + " " : line;
  }

  static std::string in_place(ScriptQuote quote, const std::string& variable) {
    std::string use = "${" + variable + "}";
    switch (quote) {
      case ScriptQuote::none: return '"' + use + '"';
      case ScriptQuote::single_quotes: return "'\"" + use + "\"'";
      case ScriptQuote::dollar_quotes: return "'\"" + use + "\"$'";
      case ScriptQuote::double_quotes:
      case ScriptQuote::comment:
      case ScriptQuote::document:
      case ScriptQuote::raw_document: return use;
    }
    return use;
  }

  std::string variable_for(const EnvVar& value) {
    auto at = std::find(set_.begin(), set_.end(), value.first);
    if (at == set_.end()) {
      set_.push_back(value.first);
      at = set_.end() - 1;
      assignments_ += variable(set_.size()) + "=" + shell_quote(value.second) + "; ";
    }
    return variable(static_cast<std::size_t>(at - set_.begin()) + 1);
  }

  static std::string variable(std::size_t number) { return "GANG_VALUE_" + std::to_string(number); }

  ScriptScan scan_;
  std::string assignments_, script_;
  std::vector<std::string> set_;
};

// The other writer: a word of a command, a directory, a value of the environment.
class WordWriter {
 public:
  void text(std::string_view text) { word_ += text; }
  void value(const EnvVar& value, std::size_t) { word_ += value.second; }
  std::string take() { return std::move(word_); }

 private:
  std::string word_;
};

template <class Writer>
std::string expand_into(Writer writer, std::string_view text, std::span<const EnvVar> values) {
  std::size_t done = 0;
  while (const auto group = next_group(text, done)) {
    writer.text(text.substr(done, group->begin - done));
    const std::string_view whole = text.substr(group->begin, group->end - group->begin);
    const EnvVar* value = value_of(group->name, values);
    if (group->pairs == 2) {
      writer.text(whole.substr(1, whole.size() - 2));
    } else if (value == nullptr) {
      writer.text(whole);
    } else {
      if (group->pairs == 3) writer.text("{");
      writer.value(*value, group->begin);
      if (group->pairs == 3) writer.text("}");
    }
    done = group->end;
  }
  writer.text(text.substr(done));
  return writer.take();
}

}  // namespace

std::span<const std::string_view> fixed_placeholders() {
  static constexpr std::array<std::string_view, 9> names{
      "job", "gang", "gangs", "rank", "tasks", "device", "shard", "output", "outputs"};
  return names;
}

bool is_placeholder_name(std::string_view text) {
  return !text.empty() && begins_name(text[0]) &&
         std::all_of(text.begin(), text.end(), continues_name);
}

std::vector<PlaceholderUse> placeholders_in(std::string_view text) {
  std::vector<PlaceholderUse> uses;
  for (auto group = next_group(text, 0); group; group = next_group(text, group->end))
    if (group->pairs != 2) uses.push_back({std::string(group->name), group->begin});
  return uses;
}

std::string expand(std::string_view text, std::span<const EnvVar> values, bool for_shell) {
  if (for_shell) return expand_into(ScriptWriter(text), text, values);
  return expand_into(WordWriter(), text, values);
}

bool is_script(std::span<const std::string> words, std::size_t word) {
  static constexpr std::string_view shells[] = {"sh", "bash", "dash", "ksh", "zsh", "ash"};
  if (word < 2 || word >= words.size()) return false;
  const std::string_view program = words[0];
  const std::string_view name = program.substr(program.rfind('/') + 1);
  if (std::find(std::begin(shells), std::end(shells), name) == std::end(shells)) return false;
  // Options come first, and the script is the word after the one with `c` in it: -c, -ec, -lc.
  const auto is_option = [&](std::size_t i) {
    return words[i].size() > 1 && words[i][0] == '-' && words[i][1] != '-';
  };
  for (std::size_t i = 1; i < word; ++i) {
    if (!is_option(i)) return false;
    if (words[i].find('c') != std::string::npos) return i + 1 == word;
  }
  return false;
}

}  // namespace gangline
