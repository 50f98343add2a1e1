#include <algorithm>
#include <array>

#include "base/text.h"
#include "jobspec/job_reader.h"
#include "jobspec/json_items.h"
#include "jobspec/line_pieces.h"
#include "jobspec/read_value.h"
#include "model/placeholders.h"

namespace gangline {
namespace {

constexpr std::array<std::string_view, 4> split_keys{"files", "lines", "per", "json"};
constexpr std::array<std::string_view, 3> source_keys{"files", "lines", "json"};

Error changed(const std::string& path) {
  return {ErrorKind::refused, "'" + printable(path) + "' changed while it was read", "",
          "submit again when nobody writes to it"};
}

Result<Split> split_of_files(const std::string& pattern, const std::string& dir,
                             const SplitFiles& files) {
  auto paths = files.matching(pattern, dir, most_gangs_in_a_job);
  if (!paths) return paths.error();
  if (paths->empty())
    return Error{ErrorKind::usage,
                 "no file matches '" + printable(pattern) + "' in " + printable(dir), "", ""};
  Split split{SplitKind::files, pattern, {}, {}, {}};
  for (std::string& path : *paths) {
    if (!is_utf8(path))
      return Error{ErrorKind::usage, "the file name '" + printable(path) + "' is not UTF-8", "",
                   "rename it"};
    split.shards.push_back({std::move(path)});
  }
  return split;
}

Result<Split> split_of_lines(const std::string& path, std::uint64_t per, const SplitFiles& files) {
  constexpr std::size_t read_at_once = 1 << 20;
  const auto facts = files.facts(path);
  if (!facts) return facts.error();
  LinePieces pieces(per);
  for (std::uint64_t at = 0; at < static_cast<std::uint64_t>(facts->size.n);) {
    const auto bytes = files.read(path, at, read_at_once);
    if (!bytes) return bytes.error();
    if (bytes->empty()) return changed(path);
    if (const auto good = pieces.add(*bytes); !good) return good.error();
    at += bytes->size();
  }
  auto shards = pieces.finish();
  if (!shards) return shards.error();
  const auto facts_now = files.facts(path);
  if (!facts_now || *facts_now != *facts) return changed(path);
  if (shards->empty())
    return Error{ErrorKind::usage, "'" + printable(path) + "' holds no lines", "", ""};
  for (std::size_t i = 0; i < shards->size(); ++i)
    if (!is_utf8((*shards)[i].text))
      return Error{ErrorKind::usage,
                   "line " + std::to_string(i + 1) + " of '" + printable(path) +
                       "' (empty ones not counted) is not UTF-8",
                   "", ""};
  return Split{SplitKind::lines, path, facts->size, facts->modified, *std::move(shards)};
}

Result<Split> split_of_json(const std::string& path, const SplitFiles& files) {
  const auto facts = files.facts(path);
  if (!facts) return facts.error();
  const auto text = files.read(path, 0, largest_split + 1);
  if (!text) return text.error();
  if (text->size() > largest_split)
    return Error{ErrorKind::usage,
                 "'" + printable(path) + "' has more than " + std::to_string(largest_split) +
                     " bytes, which is the most",
                 "", ""};
  auto items = json_items(*text, most_gangs_in_a_job);
  if (!items)
    return Error{ErrorKind::usage, "'" + printable(path) + "'" + items.error().what, "", ""};
  if (items->empty())
    return Error{ErrorKind::usage, "'" + printable(path) + "' holds an empty list", "", ""};
  Split split{SplitKind::items, path, facts->size, facts->modified, {}};
  for (std::string& item : *items) split.shards.push_back({std::move(item)});
  return split;
}

}  // namespace

std::optional<Split> read_split(const Written& split, const std::string& dir,
                                const SplitFiles& files, Mistakes& mistakes) {
  if (split.kind != WrittenKind::table) {
    add_wrong_kind({"split", split}, "a table", mistakes, "write [split] and files = \"*.mp4\"");
    return std::nullopt;
  }
  refuse_unknown_keys(split, split_keys, mistakes);
  std::vector<Key> sources;
  for (const std::string_view key : source_keys)
    if (const Written* value = find(split, key)) sources.push_back({key, *value});
  const bool misspelt = std::any_of(source_keys.begin(), source_keys.end(),
                                    [&](auto key) { return is_misspelt(split, key, split_keys); });
  if (sources.empty() && misspelt) return std::nullopt;
  if (sources.size() != 1) {
    mistakes.add(
        sources.empty() ? split.place : sources[1].value.place,
        sources.empty() ? "[split] says nothing of what to split"
                        : "[split] splits either files, lines or json, not several",
        sources.empty() ? "give files = \"*.mp4\", lines = \"urls.txt\" or json = \"a.json\"" : "");
    return std::nullopt;
  }
  const Key source = sources[0];
  std::int64_t per = 1;
  if (const Written* value = find(split, "per")) {
    constexpr std::int64_t most = 1'000'000'000;
    per = read_whole({"per", *value}, 1, most, mistakes).value_or(1);
    if (source.name != "lines")
      mistakes.add(value->place, "per counts lines, and [split] has " + std::string(source.name));
  }
  const auto text = read_text(source, mistakes);
  if (!text) return std::nullopt;
  if (text->empty() || text->find('\0') != std::string::npos) {
    mistakes.add(source.value.place, std::string(source.name) + " is not a path");
    return std::nullopt;
  }
  if ((*text)[0] != '/' && !placeholders_in(dir).empty()) {
    mistakes.add(source.value.place,
                 "'" + printable(*text) + "' is looked for in dir, which differs from gang to gang",
                 "write an absolute path");
    return std::nullopt;
  }
  auto result = source.name == "files"   ? split_of_files(*text, dir, files)
                : source.name == "lines" ? split_of_lines(absolute_path(*text, dir),
                                                          static_cast<std::uint64_t>(per), files)
                                         : split_of_json(absolute_path(*text, dir), files);
  if (result) return *std::move(result);
  mistakes.add(source.value.place, result.error().what, result.error().hint);
  return std::nullopt;
}

}  // namespace gangline
