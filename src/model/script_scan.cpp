#include "model/script_scan.h"

#include <algorithm>

namespace gangline {

ScriptQuote ScriptScan::quote_at(std::size_t offset) {
  while (at_ < offset && at_ < script_.size()) step();
  if (in_document_)
    return announced_.front().raw ? ScriptQuote::raw_document : ScriptQuote::document;
  return level().quote;
}

std::string_view ScriptScan::closing_line() const {
  return in_document_ ? std::string_view(announced_.front().closing_line) : std::string_view();
}

// Reads one or a few bytes.
void ScriptScan::step() {
  if (in_document_) return step_in_document();
  const char c = script_[at_];
  switch (level().quote) {
    case ScriptQuote::none: return step_in_commands(c);
    case ScriptQuote::double_quotes: return step_in_double_quotes(c);
    case ScriptQuote::single_quotes:
      if (c == '\'') level().quote = ScriptQuote::none;
      break;
    case ScriptQuote::dollar_quotes:
      if (c == '\'') level().quote = ScriptQuote::none;
      if (c == '\\') ++at_;
      break;
    case ScriptQuote::comment:
      if (c != '\n') break;
      level().quote = ScriptQuote::none;
      return step_in_commands(c);
    case ScriptQuote::document:
    case ScriptQuote::raw_document: break;
  }
  ++at_;
}

void ScriptScan::step_in_commands(char c) {
  if (ahead("$((") || ahead("((")) {
    at_ += c == '$' ? 3 : 2;
    open_commands(')', true);
    return open_commands(')', true);
  }
  if (ahead("<<<")) {
    at_ += 3;
    return;
  }
  if (ahead("<<") && !level().arithmetic) return note_document();
  if (c == '#' && at_word_start()) level().quote = ScriptQuote::comment;
  if (ahead("$'")) {
    level().quote = ScriptQuote::dollar_quotes;
    ++at_;
  } else if (c == '\'') {
    level().quote = ScriptQuote::single_quotes;
  } else if (c == '"') {
    level().quote = ScriptQuote::double_quotes;
  } else if (c == '\\') {
    ++at_;
  } else if (levels_.size() > 1 && c == level().closes) {
    close_commands();
  } else if (c == '`') {
    open_commands('`', false);
  } else if (c == '(') {
    open_commands(')', level().arithmetic);
  } else if (c == '\n' && !announced_.empty()) {
    in_document_ = true;
  }
  ++at_;
}

void ScriptScan::step_in_double_quotes(char c) {
  if (c == '"') {
    level().quote = ScriptQuote::none;
  } else if (c == '\\') {
    ++at_;
  } else if (c == '`') {
    // The backtick that closes may stand behind quotes that were left open.
    if (level().closes == '`') close_commands();
    else open_commands('`', false);
  } else if (ahead("$((")) {
    at_ += 2;
    open_commands(')', true);
    open_commands(')', true);
  } else if (ahead("$(")) {
    ++at_;
    open_commands(')', false);
  }
  ++at_;
}

// The line that ends it in one step, all else byte by byte.
void ScriptScan::step_in_document() {
  const bool at_line_start = script_[at_ - 1] == '\n';
  if (!at_line_start) {
    ++at_;
    return;
  }
  const std::size_t end = script_.find('\n', at_);
  std::string_view line = script_.substr(at_, end == std::string_view::npos ? end : end - at_);
  if (announced_.front().skips_tabs)
    line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
  if (line != announced_.front().closing_line) {
    ++at_;
    return;
  }
  announced_.erase(announced_.begin());
  in_document_ = !announced_.empty();
  at_ = end == std::string_view::npos ? script_.size() : end + 1;
}

// `<<END`, `<<-END`, `<<'END'`: its text begins behind the end of this line.
void ScriptScan::note_document() {
  at_ += 2;
  Document document;
  if (ahead("-")) {
    document.skips_tabs = true;
    ++at_;
  }
  while (ahead(" ") || ahead("\t")) ++at_;
  for (; at_ < script_.size(); ++at_) {
    const char c = script_[at_];
    if (c == '\'' || c == '"' || c == '\\') document.raw = true;
    else if (std::string_view(" \t\n;&|()<>").find(c) != std::string_view::npos) break;
    else document.closing_line += c;
  }
  // What no line ends is no here-document but a shift of bits, or broken; taking it for one whose
  // text is raw would let a value be read as code.
  if (seen_documents_++ < most_documents && ends_later(document))
    announced_.push_back(std::move(document));
}

bool ScriptScan::ends_later(const Document& document) const {
  const std::string_view line = document.closing_line;
  for (std::size_t from = at_; !line.empty();) {
    const std::size_t found = script_.find(line, from);
    if (found == std::string_view::npos) return false;
    const std::size_t end = found + line.size();
    const char before = script_[found - 1];
    if ((end == script_.size() || script_[end] == '\n') &&
        (before == '\n' || (document.skips_tabs && before == '\t')))
      return true;
    from = found + 1;
  }
  return false;
}

bool ScriptScan::at_word_start() const {
  return at_ == 0 ||
         std::string_view(" \t\n;&|()`").find(script_[at_ - 1]) != std::string_view::npos;
}

}  // namespace gangline
