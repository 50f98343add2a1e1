#include "replay/input/json_entries.h"

namespace gangline {

// 0 at the end.
char JsonEntries::peek() {
  while (at_ >= input_.window().size())
    if (at_ > longest_entry || !input_.read_more()) return 0;
  return input_.window()[at_];
}

bool JsonEntries::skip_blanks() {
  for (char c = peek(); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = peek()) ++at_;
  return peek() != 0;
}

// At a quote. The text between the quotes, its escapes left as they are.
std::string JsonEntries::take_text() {
  ++at_;
  const std::size_t begin = at_;
  for (char c = peek(); c != 0 && c != '"'; c = peek()) at_ += c == '\\' ? 2 : 1;
  const auto window = input_.window();
  if (begin >= window.size()) return "";
  std::string text(window.substr(begin, at_ - begin));
  ++at_;
  return text;
}

// Over a text, a number, or whatever stands between brackets. False where it does not end.
bool JsonEntries::skip_value() {
  std::size_t depth = 0;
  for (char c = peek(); c != 0; c = peek()) {
    if (c == '"') {
      take_text();
      if (depth == 0) return true;
      continue;
    }
    const bool opens = c == '{' || c == '[';
    const bool closes = c == '}' || c == ']';
    if (depth == 0 && (closes || c == ',')) return true;  // behind a number, true, false, null
    ++at_;
    if (opens && ++depth > deepest_nesting) return false;
    if (closes && --depth == 0) return true;
  }
  return false;
}

bool JsonEntries::find_list() {
  if (!skip_blanks() || peek() != '{') return false;
  ++at_;
  while (skip_blanks()) {
    input_.drop(at_);
    at_ = 0;
    if (peek() == ',') {
      ++at_;
      continue;
    }
    if (peek() != '"') return false;
    const bool wanted = take_text() == key_;
    if (!skip_blanks() || peek() != ':') return false;
    ++at_;
    if (!skip_blanks()) return false;
    if (wanted && peek() == '[') {
      ++at_;
      return true;
    }
    if (!skip_value()) return false;
  }
  return false;
}

bool JsonEntries::next(std::string_view& entry) {
  if (cut_off_) return false;
  if (!in_list_ && !find_list()) {
    cut_off_ = true;
    return false;
  }
  in_list_ = true;
  bool more = skip_blanks();
  while (more && peek() == ',') {
    ++at_;
    more = skip_blanks();
  }
  input_.drop(at_);
  at_ = 0;
  const char first = peek();
  if (!more || first == ']' || first == '}') {
    cut_off_ = first != ']';
    return false;
  }
  if (!skip_value()) {
    cut_off_ = true;
    return false;
  }
  entry = input_.window().substr(0, at_);
  ++count_;
  return true;
}

}  // namespace gangline
