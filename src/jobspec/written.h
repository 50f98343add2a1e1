// What somebody wrote, in a job file or on the command line, before anything of it is understood:
// values with their text and their place. Flags are put into the same tree as keys of a file, so
// that one reader understands both.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gangline {

/// A line and column of the file, both from 1 and the column counted in characters; or a flag.
struct SourcePlace {
  std::uint32_t line = 0;      ///< 0: no place in the file
  std::uint32_t column = 0;    ///<
  const char* flag = nullptr;  ///< "--gpus"; a text that lives for ever
};

enum class WrittenKind : std::uint8_t {
  text,   ///< in quotes
  whole,  ///< `number` holds it
  real,   ///< `number` holds it
  truth,  ///< true or false
  date,
  list,   ///< `items`
  table,  ///< `entries`
  typed,  ///< on a command line, where nothing tells a number from a text
};

/// "a text", "a whole number", …
const char* name_of(WrittenKind kind);

struct WrittenEntry;

struct Written {
  WrittenKind kind = WrittenKind::table;
  std::string text;   ///< of a text what stands in the quotes; of a number as it was written
  double number = 0;  ///< of a whole number beyond 2^53 the nearest that there is
  std::int64_t whole = 0;
  SourcePlace place;
  std::vector<Written> items;
  std::vector<WrittenEntry> entries;  ///< in the order of the file
};

struct WrittenEntry {
  std::string name;
  SourcePlace place;
  Written value;
};

/// The value of a key of a table, or null.
const Written* find(const Written& table, std::string_view key);
Written* find(Written& table, std::string_view key);

/// Sets or replaces a key of a table.
void put(Written& table, const std::string& key, Written value);
/// Takes a key away if it is there.
void drop(Written& table, std::string_view key);

/// Where the value at a path like "sweep.lr" or "any_of.1.gpus" was written, or the nearest that
/// holds it; no place if not even its first key is there.
SourcePlace place_of(const Written& root, std::string_view path);

}  // namespace gangline
