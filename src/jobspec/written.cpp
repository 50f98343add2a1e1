#include "jobspec/written.h"

#include <algorithm>

#include "base/text.h"

namespace gangline {
namespace {

// The value that the front of `path` names, which is shortened by it; null if there is none. A key
// may hold dots itself, so the longest that fits is taken.
const Written* step(const Written& from, std::string_view& path) {
  const Written* found = nullptr;
  std::size_t length = 0;
  const auto fits = [&](std::string_view name) {
    return path.starts_with(name) && (path.size() == name.size() || path[name.size()] == '.') &&
           (found == nullptr || name.size() > length);
  };
  for (const WrittenEntry& entry : from.entries) {
    if (!fits(entry.name)) continue;
    found = &entry.value;
    length = entry.name.size();
  }
  const auto index = parse_number(path.substr(0, path.find('.')));
  if (from.kind == WrittenKind::list && index && *index < from.items.size()) {
    found = &from.items[*index];
    length = std::min(path.find('.'), path.size());
  }
  if (found != nullptr) path.remove_prefix(std::min(length + 1, path.size()));
  return found;
}

}  // namespace

const char* name_of(WrittenKind kind) {
  switch (kind) {
    case WrittenKind::text: return "a text";
    case WrittenKind::whole: return "a whole number";
    case WrittenKind::real: return "a number with a fraction";
    case WrittenKind::truth: return "true or false";
    case WrittenKind::date: return "a date";
    case WrittenKind::list: return "a list";
    case WrittenKind::table: return "a table";
    case WrittenKind::typed: return "a word";
  }
  return "a value";
}

const Written* find(const Written& table, std::string_view key) {
  const auto at = std::find_if(table.entries.begin(), table.entries.end(),
                               [&](const WrittenEntry& entry) { return entry.name == key; });
  return at == table.entries.end() ? nullptr : &at->value;
}

Written* find(Written& table, std::string_view key) {
  const auto at = std::find_if(table.entries.begin(), table.entries.end(),
                               [&](const WrittenEntry& entry) { return entry.name == key; });
  return at == table.entries.end() ? nullptr : &at->value;
}

void put(Written& table, const std::string& key, Written value) {
  if (Written* there = find(table, key)) {
    *there = std::move(value);
  } else {
    const SourcePlace place = value.place;
    table.entries.push_back({key, place, std::move(value)});
  }
}

void drop(Written& table, std::string_view key) {
  std::erase_if(table.entries, [&](const WrittenEntry& entry) { return entry.name == key; });
}

SourcePlace place_of(const Written& root, std::string_view path) {
  const Written* at = &root;
  while (!path.empty()) {
    const Written* next = step(*at, path);
    if (next == nullptr) break;
    at = next;
  }
  return at == &root ? SourcePlace{} : at->place;
}

}  // namespace gangline
