#include <array>
#include <ctime>
#include <string>

#include "base/text.h"
#include "jobspec/config_keys.h"
#include "jobspec/house/read_house.h"
#include "jobspec/read_value.h"
#include "model/check_spec.h"

namespace gangline {
namespace {

constexpr std::string_view quiet_keys[] = {"times", "days", "devices", "cpus", "queues"};
constexpr std::string_view maintenance_keys[] = {"from", "to"};
constexpr std::string_view day_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/// "22:00" or "24:00".
std::optional<Span> clock_time(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() != 2 || parts[1].size() != 2) return std::nullopt;
  const auto hour = parse_number(parts[0]), minute = parse_number(parts[1]);
  if (!hour || !minute || *hour > 24 || *minute > 59 || (*hour == 24 && *minute > 0))
    return std::nullopt;
  return hours(static_cast<std::int64_t>(*hour)) + minutes(static_cast<std::int64_t>(*minute));
}

void read_clock_times(const Written& table, QuietHours& quiet, Mistakes& mistakes,
                      SourcePlace place) {
  const Written* value = find(table, "times");
  const char* hint = "write times = \"22:00-07:00\"";
  if (value == nullptr) return mistakes.add(place, "these quiet hours have no times", hint);
  const auto text = read_text({"times", *value}, mistakes);
  if (!text) return;
  const auto parts = split(*text, '-');
  const auto from = clock_time(trim(parts.front())), to = clock_time(trim(parts.back()));
  if (parts.size() != 2 || !from || !to || *from == hours(24) || *from == *to)
    return mistakes.add(value->place, "times are two different times of the day", hint);
  quiet.from = *from;
  quiet.to = *to;
}

void read_days(const Written& table, QuietHours& quiet, Mistakes& mistakes) {
  const Written* value = find(table, "days");
  if (value == nullptr) return;
  const auto names = read_texts({"days", *value}, mistakes);
  if (!names) return;
  quiet.days = 0;
  for (const std::string& name : *names) {
    std::size_t day = 0;
    while (day < std::size(day_names) && day_names[day] != name) ++day;
    if (day == std::size(day_names))
      mistakes.add(value->place, "there is no day '" + printable(name) + "'",
                   "the days are: " + joined(day_names));
    else quiet.days = static_cast<std::uint8_t>(quiet.days | 1u << day);
  }
}

void read_amount(const Written& table, std::string_view key, std::optional<std::uint32_t>& amount,
                 Mistakes& mistakes) {
  const Written* value = find(table, key);
  if (value == nullptr) return;
  if (const auto whole = read_whole({key, *value}, 0, largest_amount, mistakes))
    amount = static_cast<std::uint32_t>(*whole);
}

/// "2026-12-01 08:00", local time.
std::optional<Time> read_local_time(const Written& table, std::string_view key,
                                    Mistakes& mistakes) {
  const Written* value = find(table, key);
  if (value == nullptr) return std::nullopt;
  const auto text = read_text({key, *value}, mistakes);
  if (!text) return std::nullopt;
  const auto time = parse_local_time(*text);
  if (time) return *time;
  mistakes.add(value->place, time.error().what, time.error().hint);
  return std::nullopt;
}

}  // namespace

Result<Time> parse_local_time(const std::string& text) {
  std::tm at{};
  at.tm_isdst = -1;
  const char* end = ::strptime(text.c_str(), "%Y-%m-%d %H:%M", &at);
  const std::time_t second = end == nullptr || *end != '\0' ? -1 : std::mktime(&at);
  if (second < 0)
    return Error{ErrorKind::usage, "'" + printable(text) + "' is no time", "",
                 "write it like \"2026-12-01 08:00\", in the local time of the machine"};
  return Time{} + seconds(second);
}

Result<Time> parse_begin(const std::string& text, Time now) {
  const auto clock = clock_time(trim(text));
  if (!clock || *clock == hours(24)) {
    auto time = parse_local_time(text);
    if (time) return time;
    return Error{ErrorKind::usage, "'" + printable(text) + "' is no time", "",
                 "write it like 18:00 or \"2026-12-01 08:00\", in the local time of the machine"};
  }
  const std::time_t second = now.us / seconds(1).us;
  std::tm today{};
  ::localtime_r(&second, &today);
  for (const int days_later : {0, 1}) {
    std::tm at{};
    at.tm_year = today.tm_year;
    at.tm_mon = today.tm_mon;
    at.tm_mday = today.tm_mday + days_later;
    at.tm_min = static_cast<int>(clock->us / minutes(1).us);
    at.tm_isdst = -1;
    const Time begin = Time{} + seconds(std::mktime(&at));
    if (begin > now || days_later == 1) return begin;
  }
  return now;
}

void read_quiet_hours(const Written& root, const std::vector<Queue>& queues, House& house,
                      Mistakes& mistakes) {
  const Written* value = find(root, "quiet");
  if (value == nullptr) return;
  if (value->kind != WrittenKind::table)
    return add_wrong_kind({"quiet", *value}, "a table", mistakes, "write [quiet.nights]");
  if (value->entries.size() > most_windows)
    return mistakes.add(value->place, "more quiet hours than " + std::to_string(most_windows));
  for (const WrittenEntry& entry : value->entries) {
    if (const auto good = check_name(entry.name); !good) {
      mistakes.add(entry.place, good.error().what, good.error().hint);
      continue;
    }
    if (entry.value.kind != WrittenKind::table) {
      add_wrong_kind({entry.name, entry.value}, "a table", mistakes, "write [quiet.nights]");
      continue;
    }
    refuse_unknown_keys_in("[quiet." + entry.name + "]", entry.value, quiet_keys, config_keys,
                           mistakes);
    QuietHours quiet;
    quiet.name = entry.name;
    read_clock_times(entry.value, quiet, mistakes, entry.place);
    read_days(entry.value, quiet, mistakes);
    read_amount(entry.value, "devices", quiet.devices, mistakes);
    read_amount(entry.value, "cpus", quiet.cpus, mistakes);
    if (const Written* named = find(entry.value, "queues"))
      quiet.queues = read_texts({"queues", *named}, mistakes).value_or(quiet.queues);
    for (const std::string& queue : quiet.queues)
      if (!find_queue(queues, queue))
        mistakes.add(entry.place, "there is no queue '" + printable(queue) + "'", "");
    house.quiet.push_back(std::move(quiet));
  }
}

void read_maintenance(const Written& root, House& house, Mistakes& mistakes) {
  const Written* value = find(root, "maintenance");
  if (value == nullptr) return;
  const char* hint = "write [maintenance.cooling] and from and to below it";
  if (value->kind != WrittenKind::table)
    return add_wrong_kind({"maintenance", *value}, "a table", mistakes, hint);
  if (value->entries.size() > most_windows)
    return mistakes.add(value->place, "more maintenance than " + std::to_string(most_windows));
  for (const WrittenEntry& entry : value->entries) {
    if (entry.value.kind != WrittenKind::table) {
      add_wrong_kind({entry.name, entry.value}, "a table", mistakes, hint);
      continue;
    }
    refuse_unknown_keys_in("[maintenance." + entry.name + "]", entry.value, maintenance_keys,
                           config_keys, mistakes);
    const auto from = read_local_time(entry.value, "from", mistakes);
    const auto to = read_local_time(entry.value, "to", mistakes);
    if (find(entry.value, "from") == nullptr || find(entry.value, "to") == nullptr)
      mistakes.add(entry.place, "this maintenance has no from or no to", hint);
    else if (from && to && *to <= *from)
      mistakes.add(entry.place, "this maintenance ends before it begins", "");
    else if (from && to) house.maintenance.push_back({entry.name, *from, *to});
  }
}

}  // namespace gangline
