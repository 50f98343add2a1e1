#include "jobspec/read_value.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace gangline {
namespace {

bool is_text(const Written& value) {
  return value.kind == WrittenKind::text || value.kind == WrittenKind::typed;
}
bool is_number(const Written& value) {
  return value.kind == WrittenKind::whole || value.kind == WrittenKind::real;
}

std::optional<std::int64_t> whole_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string with_key(Key key, const std::string& what) {
  return key.value.place.flag != nullptr ? what : std::string(key.name) + ": " + what;
}

std::string shown(const Written& value) {
  constexpr std::size_t most = 40;
  return "'" + printable(value.text.substr(0, most)) + (value.text.size() > most ? "…'" : "'");
}

}  // namespace

void add_wrong_kind(Key key, const char* wanted, Mistakes& mistakes, std::string hint) {
  const std::string name = printable(key.name);
  if (key.value.kind == WrittenKind::typed)
    mistakes.add(key.value.place, shown(key.value) + " is not " + wanted, std::move(hint));
  else
    mistakes.add(key.value.place, name + " must be " + wanted + ", not " + name_of(key.value.kind),
                 std::move(hint));
}

std::optional<std::string> read_text(Key key, Mistakes& mistakes) {
  if (is_text(key.value)) return key.value.text;
  const bool has_text = is_number(key.value) || key.value.kind == WrittenKind::truth;
  add_wrong_kind(key, "a text", mistakes,
                 has_text ? "write it in quotes: \"" + key.value.text + "\"" : "");
  return std::nullopt;
}

std::optional<std::string> read_scalar(Key key, Mistakes& mistakes) {
  if (key.value.kind != WrittenKind::list && key.value.kind != WrittenKind::table)
    return key.value.text;
  add_wrong_kind(key, "a text or a number", mistakes);
  return std::nullopt;
}

std::optional<std::int64_t> read_whole(Key key, std::int64_t least, std::int64_t most,
                                       Mistakes& mistakes) {
  std::optional<std::int64_t> number;
  if (key.value.kind == WrittenKind::whole) number = key.value.whole;
  if (key.value.kind == WrittenKind::typed) number = whole_in(key.value.text);
  if (!number) {
    const bool quotes = key.value.kind == WrittenKind::text && whole_in(key.value.text);
    add_wrong_kind(key, "a whole number", mistakes,
                   quotes ? "write it without quotes: " + key.value.text : "");
    return std::nullopt;
  }
  if (*number >= least && *number <= most) return number;
  mistakes.add(key.value.place, std::string(key.name) + " is " + std::to_string(*number) +
                                    "; it goes from " + std::to_string(least) + " to " +
                                    std::to_string(most));
  return std::nullopt;
}

std::optional<bool> read_truth(Key key, Mistakes& mistakes) {
  const bool typed = key.value.kind == WrittenKind::typed &&
                     (key.value.text == "true" || key.value.text == "false");
  if (typed || key.value.kind == WrittenKind::truth) return key.value.text == "true";
  add_wrong_kind(key, "true or false", mistakes);
  return std::nullopt;
}

std::optional<Span> read_span(Key key, Mistakes& mistakes) {
  if (!is_text(key.value) && !is_number(key.value)) {
    add_wrong_kind(key, "a length of time", mistakes, "write it like \"90s\", \"15m\" or \"2h\"");
    return std::nullopt;
  }
  const auto span = parse_span(key.value.text);
  if (span) return *span;
  mistakes.add(key.value.place, with_key(key, span.error().what), span.error().hint);
  return std::nullopt;
}

std::optional<Bytes> read_bytes(Key key, Mistakes& mistakes) {
  if (!is_text(key.value) && !is_number(key.value)) {
    add_wrong_kind(key, "a size", mistakes, "write it like \"512M\" or \"16G\"");
    return std::nullopt;
  }
  const auto bytes = parse_bytes(key.value.text);
  if (!bytes) {
    mistakes.add(key.value.place, with_key(key, bytes.error().what), bytes.error().hint);
    return std::nullopt;
  }
  constexpr Bytes smallest_meant = mebibytes(1);
  const bool bare = parse_number(trim(key.value.text)).has_value();
  if (bare && bytes->n > 0 && *bytes < smallest_meant) {
    const std::string number(trim(key.value.text));
    mistakes.add(key.value.place, with_key(key, "'" + number + "' would be bytes"),
                 "give it a unit, like \"" + number + "G\"");
    return std::nullopt;
  }
  return *bytes;
}

std::optional<std::vector<std::string>> read_texts(Key key, Mistakes& mistakes) {
  std::vector<std::string> texts;
  if (key.value.kind == WrittenKind::typed) {
    for (const std::string_view part : split(key.value.text, ',')) texts.emplace_back(part);
    return texts;
  }
  if (key.value.kind != WrittenKind::list) {
    const auto text = read_scalar(key, mistakes);
    if (text) texts.push_back(*text);
    return text ? std::optional(texts) : std::nullopt;
  }
  const std::size_t before = mistakes.count();
  for (const Written& item : key.value.items)
    if (auto text = read_scalar({key.name, item}, mistakes)) texts.push_back(std::move(*text));
  return mistakes.count() == before ? std::optional(std::move(texts)) : std::nullopt;
}

std::optional<std::size_t> read_choice(Key key, std::span<const std::string_view> names,
                                       Mistakes& mistakes) {
  const auto text = read_text(key, mistakes);
  if (!text) return std::nullopt;
  const auto at = std::find(names.begin(), names.end(), *text);
  if (at != names.end()) return static_cast<std::size_t>(at - names.begin());
  const auto near = nearest(*text, names);
  mistakes.add(key.value.place, "no " + std::string(key.name) + " is called " + shown(key.value),
               near ? "did you mean '" + *near + "'?" : "it is one of " + joined(names));
  return std::nullopt;
}

void refuse_unknown_keys_in(const std::string& name, const Written& table,
                            std::span<const std::string_view> known,
                            std::span<const std::string_view> above, Mistakes& mistakes) {
  const std::string in = name.empty() ? "" : " in " + printable(name);
  for (const WrittenEntry& entry : table.entries) {
    if (std::find(known.begin(), known.end(), entry.name) != known.end()) continue;
    // To look for what is nearest takes long, and these are only counted.
    const auto near = mistakes.full() ? std::nullopt : nearest(entry.name, known);
    const bool belongs_above = entry.value.kind != WrittenKind::table &&
                               std::find(above.begin(), above.end(), entry.name) != above.end();
    mistakes.add(entry.place, "unknown key '" + printable(entry.name.substr(0, 64)) + "'" + in,
                 belongs_above ? "it is a key of the whole file: write it above the first [table]"
                 : near        ? "did you mean '" + *near + "'?"
                               : "known keys are " + joined(known));
  }
}

void refuse_unknown_keys(const Written& table, std::span<const std::string_view> known,
                         Mistakes& mistakes) {
  refuse_unknown_keys_in("", table, known, {}, mistakes);
}

bool is_misspelt(const Written& table, std::string_view key,
                 std::span<const std::string_view> known) {
  return std::any_of(table.entries.begin(), table.entries.end(), [&](const WrittenEntry& entry) {
    return std::find(known.begin(), known.end(), entry.name) == known.end() &&
           nearest(entry.name, known) == key;
  });
}

std::string joined(std::span<const std::string_view> names) {
  std::string all;
  for (const std::string_view name : names) all += (all.empty() ? "" : ", ") + std::string(name);
  return all;
}

}  // namespace gangline
