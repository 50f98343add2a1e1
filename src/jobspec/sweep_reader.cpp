#include "base/text.h"
#include "jobspec/job_reader.h"
#include "jobspec/read_value.h"
#include "jobspec/sweep_values.h"

namespace gangline {
namespace {

// "1..8".
std::vector<std::string> read_range(Key key, Mistakes& mistakes) {
  auto values = range_values(key.value.text);
  if (values) return *std::move(values);
  mistakes.add(key.value.place, values.error().what, values.error().hint);
  return {};
}

std::vector<std::string> read_values(Key key, Mistakes& mistakes) {
  const WrittenKind kind = key.value.kind;
  const bool is_list = kind == WrittenKind::list;
  const bool is_range = (kind == WrittenKind::text || kind == WrittenKind::typed) &&
                        key.value.text.find(',') == std::string::npos &&
                        looks_like_range(key.value.text);
  if (is_range) return read_range(key, mistakes);
  if (is_list && key.value.items.empty()) {
    mistakes.add(key.value.place, printable(key.name) + " has no values", "give it one at least");
    return {};
  }
  if (is_list || kind == WrittenKind::typed)
    return read_texts(key, mistakes).value_or(std::vector<std::string>{});
  const bool of_one = kind != WrittenKind::table;
  const char* quote = kind == WrittenKind::text ? "\"" : "";
  add_wrong_kind(
      key, "a list or a range", mistakes,
      of_one ? "write [" + (quote + printable(key.value.text)) + quote + "] or \"1..8\"" : "");
  return {};
}

}  // namespace

std::vector<SweepAxis> read_sweep(const Written& sweep, Mistakes& mistakes) {
  std::vector<SweepAxis> axes;
  if (sweep.kind != WrittenKind::table) {
    add_wrong_kind({"sweep", sweep}, "a table", mistakes, "write [sweep] and lr = [0.1, 0.01]");
    return axes;
  }
  for (const WrittenEntry& entry : sweep.entries)
    axes.push_back({entry.name, read_values({entry.name, entry.value}, mistakes)});
  return axes;
}

}  // namespace gangline
