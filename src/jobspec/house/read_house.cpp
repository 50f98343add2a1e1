#include "jobspec/house/read_house.h"

#include <string>

#include "jobspec/config_keys.h"
#include "jobspec/read_value.h"
#include "model/check_spec.h"
#include "model/queue.h"

namespace gangline {
namespace {

constexpr std::string_view person_keys[] = {"devices",      "cpus", "gangs",
                                            "device_hours", "jobs", "waiting_gangs"};
constexpr std::string_view people_keys[] = {"devices", "cpus",          "gangs", "device_hours",
                                            "jobs",    "waiting_gangs", "period"};
constexpr std::int64_t most_device_hours = 1'000'000'000;

/// A whole number, or "none" for no limit.
void read_most(const Written& table, std::string_view key, std::int64_t least, std::int64_t most,
               std::optional<std::uint32_t>& limit, Mistakes& mistakes) {
  const Written* value = find(table, key);
  if (value == nullptr) return;
  if (value->text == "none") {
    limit.reset();
  } else if (value->kind == WrittenKind::text) {
    add_wrong_kind({key, *value}, "a whole number or \"none\"", mistakes);
  } else if (const auto whole = read_whole({key, *value}, least, most, mistakes)) {
    limit = static_cast<std::uint32_t>(*whole);
  }
}

void read_person(const Written& table, PersonLimits& limits, Mistakes& mistakes) {
  read_most(table, "devices", 0, largest_amount, limits.devices, mistakes);
  read_most(table, "cpus", 0, largest_amount, limits.cpus, mistakes);
  read_most(table, "gangs", 1, largest_amount, limits.gangs, mistakes);
  read_most(table, "device_hours", 1, most_device_hours, limits.device_hours, mistakes);
  read_most(table, "jobs", 1, largest_amount, limits.jobs, mistakes);
  read_most(table, "waiting_gangs", 1, largest_amount, limits.waiting_gangs, mistakes);
}

}  // namespace

void read_people(const Written& root, House& house, Mistakes& mistakes) {
  const Written* people = find(root, "people");
  if (people == nullptr) return;
  if (people->kind != WrittenKind::table)
    return add_wrong_kind({"people", *people}, "a table", mistakes,
                          "write [people] and devices = 4 below it");
  if (people->entries.size() > most_named_people)
    return mistakes.add(people->place, std::to_string(people->entries.size()) +
                                           " people; the most is " +
                                           std::to_string(most_named_people));
  Written of_all = *people;
  std::erase_if(of_all.entries,
                [](const WrittenEntry& entry) { return entry.value.kind == WrittenKind::table; });
  refuse_unknown_keys_in("[people]", of_all, people_keys, config_keys, mistakes);
  read_person(of_all, house.everybody, mistakes);
  if (const Written* period = find(of_all, "period")) {
    const auto span = read_span({"period", *period}, mistakes);
    if (span && (*span < hours(1) || *span > longest_period))
      mistakes.add(period->place, "period goes from 1h to 366d");
    else if (span) house.period = *span;
  }
  for (const WrittenEntry& person : people->entries) {
    if (person.value.kind != WrittenKind::table) continue;
    refuse_unknown_keys_in("[people." + person.name + "]", person.value, person_keys, config_keys,
                           mistakes);
    PersonLimits& own = house.people[person.name] = house.everybody;
    read_person(person.value, own, mistakes);
  }
}

void read_each(const Written& queue, PersonLimits& each, Mistakes& mistakes) {
  read_most(queue, "each", 0, largest_amount, each.devices, mistakes);
  read_most(queue, "each_cpus", 0, largest_amount, each.cpus, mistakes);
  read_most(queue, "each_gangs", 1, largest_amount, each.gangs, mistakes);
}

}  // namespace gangline
