// The only file that includes the TOML library, which is slow to compile.
#include "jobspec/toml_reader.h"

// An assertion of the library can be reached by a file ("[.a]"), behind which it has an error for
// the same case. So it must neither abort nor, as with NDEBUG, be taken as a promise.
#undef NDEBUG
#define TOML_ASSERT(promise) static_cast<void>(0)
#include <toml++/toml.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "jobspec/mistakes.h"

namespace gangline {
namespace {

// Finds the bytes at a line and column of the file, where columns count characters. A byte offset
// is kept for every 64th character, so that it costs little wherever it is asked for.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {
    if (text.starts_with("\xef\xbb\xbf")) ++first_;
    line_begins_.push_back(first_);
    std::size_t character = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (continues(at)) continue;
      if (character % spacing == 0) offsets_.push_back(at);
      ++character;
      if (text[at] == '\n') line_begins_.push_back(character);
    }
  }

  // What stands there, without white space behind it.
  std::string_view between(const toml::source_region& region) const {
    const std::size_t begin = offset(region.begin);
    const std::size_t end = offset(region.end);
    return end > begin ? trim(text_.substr(begin, end - begin)) : std::string_view();
  }

 private:
  static constexpr std::size_t spacing = 64;

  bool continues(std::size_t at) const {
    return (static_cast<unsigned char>(text_[at]) & 0xc0) == 0x80;
  }

  std::size_t offset(toml::source_position position) const {
    if (position.line == 0 || position.line > line_begins_.size()) return text_.size();
    const std::size_t character = line_begins_[position.line - 1] + position.column - 1;
    if (character / spacing >= offsets_.size()) return text_.size();
    std::size_t at = offsets_[character / spacing];
    for (std::size_t n = character % spacing; n > 0 && at < text_.size(); --n) {
      do ++at;
      while (at < text_.size() && continues(at));
    }
    return at;
  }

  std::string_view text_;
  std::size_t first_ = 0;
  std::vector<std::size_t> line_begins_;  ///< the number of its first character
  std::vector<std::size_t> offsets_;
};

Place place_at(toml::source_position position) { return {position.line, position.column}; }

// A number as it was written, for a program that may not know `1_000`.
std::string number_text(std::string_view text) {
  std::string number(text);
  std::erase(number, '_');
  return number;
}

Written written(const toml::node& node, const Lines& lines);

Written written_table(const toml::table& table, const Lines& lines) {
  Written value;
  value.kind = WrittenKind::table;
  std::vector<std::pair<const toml::key*, const toml::node*>> in_order;
  for (const auto& [key, node] : table) in_order.emplace_back(&key, &node);
  std::sort(in_order.begin(), in_order.end(), [](const auto& a, const auto& b) {
    return a.first->source().begin < b.first->source().begin;
  });
  for (const auto& [key, node] : in_order)
    value.entries.push_back(
        {std::string(key->str()), place_at(key->source().begin), written(*node, lines)});
  return value;
}

// No deeper than `check_toml_limits` lets a file be.
Written written(const toml::node& node, const Lines& lines) {
  Written value;
  if (const auto* table = node.as_table()) {
    value = written_table(*table, lines);
  } else if (const auto* list = node.as_array()) {
    value.kind = WrittenKind::list;
    value.items.reserve(list->size());
    for (const toml::node& item : *list) value.items.push_back(written(item, lines));
  } else if (const auto* text = node.as_string()) {
    value.kind = WrittenKind::text;
    value.text = text->get();
  } else if (const auto* whole = node.as_integer()) {
    value.kind = WrittenKind::whole;
    value.whole = whole->get();
    value.number = static_cast<double>(whole->get());
    value.text = number_text(lines.between(node.source()));
  } else if (const auto* real = node.as_floating_point()) {
    value.kind = WrittenKind::real;
    value.number = real->get();
    value.text = number_text(lines.between(node.source()));
  } else {
    value.kind = node.is_boolean() ? WrittenKind::truth : WrittenKind::date;
    value.text = lines.between(node.source());
  }
  value.place = place_at(node.source().begin);
  return value;
}

Error syntax_error(const toml::parse_error& error, const std::string& file_name) {
  std::string_view what = error.description();
  constexpr std::string_view preface = "Error while ";
  if (what.starts_with(preface)) what.remove_prefix(preface.size());
  const bool of_value = what.starts_with("parsing value") || what.starts_with("parsing boolean") ||
                        what.find("integer") < 24 || what.starts_with("parsing floating-point");
  return {ErrorKind::usage, "this is not TOML: " + printable(what),
          Mistakes(file_name).where(place_at(error.source().begin)),
          of_value ? "text, and a number with a unit, stand in quotes: \"2h\"" : ""};
}

}  // namespace

Result<Written> read_toml(std::string_view text, const std::string& file_name) {
  if (const auto good = check_toml_limits(text, file_name); !good) return good.error();
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) return syntax_error(parsed.error(), file_name);
  const Lines lines(text);
  return written_table(parsed.table(), lines);
}

}  // namespace gangline
