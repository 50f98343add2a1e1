// The only file of the room that includes the JSON library.
#include "jobspec/json_items.h"

#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace gangline {
namespace {

using nlohmann::json;

void append_quoted(std::string& to, std::string_view text) {
  to += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      to += '\\';
      to += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      to += escape;
    } else {
      to += c;
    }
  }
  to += '"';
}

// Called by the library for each token; nothing is built but the text of the items.
class ItemsReader : public nlohmann::json_sax<json> {
 public:
  explicit ItemsReader(std::size_t most) : most_(most) {}

  bool null() override { return value("null"); }
  bool boolean(bool v) override { return value(v ? "true" : "false"); }
  bool number_integer(number_integer_t v) override { return value(std::to_string(v)); }
  bool number_unsigned(number_unsigned_t v) override { return value(std::to_string(v)); }
  bool number_float(number_float_t, const string_t& written) override { return value(written); }
  bool binary(binary_t&) override { return no("binary bytes"); }

  bool string(string_t& text) override {
    if (depth_ == 1) return value(text);
    std::string quoted;
    append_quoted(quoted, text);
    return value(quoted);
  }

  bool start_array(std::size_t) override { return open('['); }
  bool end_array() override { return close(']'); }
  bool start_object(std::size_t) override { return open('{'); }
  bool end_object() override { return close('}'); }

  bool key(string_t& name) override {
    separate();
    append_quoted(item_, name);
    item_ += ':';
    behind_key_ = true;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    std::string_view what = error.what();
    if (const auto at = what.find(": "); at != std::string_view::npos) what.remove_prefix(at + 2);
    position_ = position;
    return no("this is not JSON: " + std::string(what));
  }

  const std::string& mistake() const { return mistake_; }
  std::size_t position() const { return position_; }  // 0: not known
  std::vector<std::string> take() { return std::move(items_); }

 private:
  bool open(char bracket) {
    if (depth_ == 0 && bracket != '[') return no("it holds an object, and a list is wanted");
    if (depth_ == deepest_json)
      return no("more than " + std::to_string(deepest_json) + " lists and objects in each other");
    if (depth_ > 0) {
      separate();
      item_ += bracket;
    }
    first_ = true;
    ++depth_;
    return true;
  }

  bool close(char bracket) {
    --depth_;
    first_ = false;
    if (depth_ > 0) item_ += bracket;
    return depth_ != 1 || end_item();
  }

  bool value(std::string_view text) {
    if (depth_ == 0) return no("it holds one value, and a list is wanted");
    separate();
    item_ += text;
    return depth_ != 1 || end_item();
  }

  // The comma in front of what follows, inside an item.
  void separate() {
    if (depth_ > 1 && !first_ && !behind_key_) item_ += ',';
    first_ = false;
    behind_key_ = false;
  }

  bool end_item() {
    if (items_.size() == most_)
      return no("more than " + std::to_string(most_) + " items, which is the most");
    items_.push_back(std::move(item_));
    item_.clear();
    return true;
  }

  bool no(std::string mistake) {
    if (mistake_.empty()) mistake_ = std::move(mistake);
    return false;
  }

  std::size_t most_;
  std::vector<std::string> items_;
  std::string item_;
  std::size_t depth_ = 0;
  bool first_ = true;        // nothing stands yet in the innermost list or object
  bool behind_key_ = false;  // its value follows
  std::string mistake_;
  std::size_t position_ = 0;
};

std::string line_and_column(std::string_view text, std::size_t position) {
  std::size_t line = 1, column = 1;
  for (const char c : text.substr(0, position > 0 ? position - 1 : 0)) {
    ++column;
    if (c == '\n') {
      ++line;
      column = 1;
    }
  }
  return " at " + std::to_string(line) + ":" + std::to_string(column);
}

}  // namespace

Result<std::vector<std::string>> json_items(std::string_view text, std::size_t most) {
  ItemsReader reader(most);
  if (json::sax_parse(text.begin(), text.end(), &reader)) return reader.take();
  const std::string place =
      reader.position() > 0 ? line_and_column(text, reader.position()) : std::string();
  return Error{ErrorKind::usage, place + ": " + reader.mistake(), "", ""};
}

}  // namespace gangline
