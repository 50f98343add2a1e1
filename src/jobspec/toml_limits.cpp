// The TOML library reads dotted keys to any depth and destroys what it read by recursion, so a file
// of "a.a.a.a…" would end the program; and it searches all tables that dotted keys have made for
// each dotted key. This looks at the tokens only, before the library does.
#include "base/text.h"
#include "jobspec/mistakes.h"
#include "jobspec/toml_reader.h"

namespace gangline {
namespace {

class LimitScan {
 public:
  LimitScan(std::string_view text, const std::string& file_name)
      : text_(text), file_name_(file_name) {}

  Result<void> run() {
    while (at_ < text_.size() && error_.what.empty()) step(text_[at_]);
    if (!error_.what.empty()) return error_;
    return {};
  }

 private:
  void step(char c) {
    switch (c) {
      case '#':
        while (at_ < text_.size() && text_[at_] != '\n') next();
        return;
      case '"':
      case '\'': return skip_text(c);
      case '[':
      case '{':
        if (at_line_start_ && depth_ == 0) in_header_ = true;
        if (++depth_ > deepest_nesting) no("more than", deepest_nesting, "lists and tables nested");
        break;
      case ']':
      case '}':
        if (in_header_) end_key();
        if (depth_ > 0) --depth_;
        break;
      case '.':
        if (++dots_ >= longest_key_path) no("a key of more than", longest_key_path, "parts");
        break;
      case ',':
      case '=':
        if (c == '=') end_key();
        if (++values_ > most_values_in_a_file) no("more than", most_values_in_a_file, "values");
        break;
      default: break;
    }
    if (c == ',' || c == '=' || c == '[' || c == '{' || c == '\n') dots_ = 0;
    if (c != ' ' && c != '\t') at_line_start_ = c == '\n';
    if (c == '\n') in_header_ = false;
    next();
  }

  void end_key() {
    if (dots_ > 0 && ++dotted_keys_ > most_dotted_keys)
      no("more than", most_dotted_keys, "keys with dots");
    dots_ = 0;
  }

  // At a quote: skips the text, of one line or of many.
  void skip_text(char quote) {
    const bool many_lines = text_.substr(at_).starts_with(std::string(3, quote));
    for (int n = many_lines ? 3 : 1; n > 0; --n) next();
    while (at_ < text_.size() && error_.what.empty()) {
      const char c = text_[at_];
      if (c == '\\' && quote == '"') {
        next();
      } else if (c == quote && !many_lines) {
        return next();
      } else if (c == quote && text_.substr(at_).starts_with(std::string(3, quote))) {
        // Up to two quotes more may stand before the three that end it.
        for (int n = 0; n < 5 && at_ < text_.size() && text_[at_] == quote; ++n) next();
        return;
      } else if (c == '\n' && !many_lines) {
        return;  // not ended: the library will say so
      }
      next();
    }
  }

  // One byte further. A control character ends the scan, because the library may see the end of a
  // line where we see none; TOML allows none of them.
  void next() {
    if (at_ >= text_.size()) return;
    const auto c = static_cast<unsigned char>(text_[at_]);
    const bool ends_line = c == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n';
    if ((c < 0x20 && c != '\t' && c != '\n' && !ends_line) || c == 0x7f) {
      refuse("a control character (" + printable(text_.substr(at_, 1)) + ")",
             "write it as an escape such as \\u0007 in a text in double quotes");
    }
    ++at_;
    if (c == '\n') {
      ++place_.line;
      place_.column = 1;
    } else if ((c & 0xc0) != 0x80) {
      ++place_.column;
    }
  }

  void no(const char* more_than, std::size_t most, const char* of_what) {
    refuse(std::string(more_than) + " " + std::to_string(most) + " " + of_what, "");
  }

  void refuse(std::string what, std::string hint) {
    if (error_.what.empty())
      error_ = {ErrorKind::usage, std::move(what), Mistakes(file_name_).where(place_),
                std::move(hint)};
  }

  std::string_view text_;
  const std::string& file_name_;
  std::size_t at_ = 0;
  SourcePlace place_{1, 1};
  std::size_t depth_ = 0, dots_ = 0, dotted_keys_ = 0, values_ = 0;
  bool at_line_start_ = true, in_header_ = false;
  Error error_{ErrorKind::usage, "", "", ""};
};

}  // namespace

Result<void> check_toml_limits(std::string_view text, const std::string& file_name) {
  return LimitScan(text, file_name).run();
}

}  // namespace gangline
