#include "jobspec/config_file.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>

#include "base/text.h"
#include "jobspec/config_keys.h"
#include "jobspec/house/read_house.h"
#include "jobspec/notify/read_notify.h"
#include "jobspec/read_value.h"
#include "jobspec/servers/read_servers.h"
#include "jobspec/slurm/read_slurm.h"
#include "jobspec/toml_reader.h"
#include "model/check_spec.h"

namespace gangline {
namespace {

constexpr std::string_view for_all_keys[] = {"people", "operators"};
constexpr std::string_view queue_keys[] = {
    "priority", "allow_foreign", "parent", "share", "guaranteed", "guaranteed_cpus",
    "limit",    "limit_cpus",    "time",   "each",  "each_cpus",  "each_gangs"};
constexpr std::string_view policy_keys[] = {"name",     "promises", "ages",
                                            "patience", "levels",   "seed"};
constexpr std::int64_t most_promises = 1'000'000;

// A span within limits that are named in the mistake.
void read_limited(const Written& root, std::string_view key, Span least, const char* least_text,
                  Span most, const char* most_text, Span& setting, Mistakes& mistakes) {
  const Written* value = find(root, key);
  if (value == nullptr) return;
  const auto span = read_span({key, *value}, mistakes);
  if (!span) return;
  if (*span < least || *span > most)
    mistakes.add(value->place, std::string(key) + " goes from " + least_text + " to " + most_text);
  else setting = *span;
}

Queue& queue_called(const std::string& name, std::vector<Queue>& queues) {
  const auto at = std::find_if(queues.begin(), queues.end(),
                               [&](const Queue& queue) { return queue.name == name; });
  if (at != queues.end()) return *at;
  queues.emplace_back().name = name;
  return queues.back();
}

void read_amount(const Written& table, std::string_view key, std::optional<std::uint32_t>& amount,
                 Mistakes& mistakes) {
  const Written* value = find(table, key);
  if (value == nullptr) return;
  if (const auto whole = read_whole({key, *value}, 0, largest_amount, mistakes))
    amount = static_cast<std::uint32_t>(*whole);
}

void read_queue(const WrittenEntry& entry, std::vector<Queue>& queues, Mistakes& mistakes) {
  const Written& table = entry.value;
  if (const auto good = check_name(entry.name); !good)
    return mistakes.add(entry.place, good.error().what, good.error().hint);
  if (table.kind != WrittenKind::table)
    return add_wrong_kind({entry.name, table}, "a table", mistakes,
                          "write [queue." + entry.name + "] and priority = 10 below it");
  refuse_unknown_keys_in("[queue." + entry.name + "]", table, queue_keys, config_keys, mistakes);
  Queue& queue = queue_called(entry.name, queues);
  if (const Written* value = find(table, "priority"))
    queue.priority = static_cast<std::int32_t>(
        read_whole({"priority", *value}, -highest_priority, highest_priority, mistakes)
            .value_or(0));
  if (const Written* value = find(table, "allow_foreign"))
    queue.allow_foreign = read_truth({"allow_foreign", *value}, mistakes).value_or(false);
  if (const Written* value = find(table, "share"))
    queue.share = static_cast<std::uint32_t>(
        read_whole({"share", *value}, 1, largest_share, mistakes).value_or(1));
  read_amount(table, "guaranteed", queue.guaranteed.devices, mistakes);
  read_amount(table, "guaranteed_cpus", queue.guaranteed.cpus, mistakes);
  read_amount(table, "limit", queue.limit.devices, mistakes);
  read_amount(table, "limit_cpus", queue.limit.cpus, mistakes);
  read_each(table, queue.each, mistakes);
  if (const Written* value = find(table, "time")) {
    queue.time = read_span({"time", *value}, mistakes);
    if (queue.time && (*queue.time < seconds(1) || *queue.time > longest_time))
      mistakes.add(value->place, "time goes from 1s to 100 years");
  }
  const auto own = static_cast<std::uint32_t>(&queue - queues.data());
  if (const auto good = check_queue(queues, own); !good) {
    queue.limit = {};
    mistakes.add(entry.place, good.error().what, good.error().hint);
  }
}

/// Once all queues are known.
void read_parent(const WrittenEntry& entry, std::vector<Queue>& queues, Mistakes& mistakes) {
  const Written* value =
      entry.value.kind == WrittenKind::table ? find(entry.value, "parent") : nullptr;
  if (value == nullptr) return;
  const auto name = read_text({"parent", *value}, mistakes);
  if (!name) return;
  std::vector<std::string_view> names;
  for (const Queue& queue : queues) names.push_back(queue.name);
  const auto parent = find_queue(queues, *name);
  if (!parent)
    return mistakes.add(value->place, "there is no queue '" + *name + "'",
                        "the queues are: " + joined(names));
  const auto own = find_queue(queues, entry.name);
  if (!own) return;
  queues[*own].parent = parent;
  if (const auto good = check_queue(queues, *own); !good) {
    queues[*own].parent.reset();
    mistakes.add(value->place, good.error().what, good.error().hint);
  }
}

void read_queues(const Written& root, std::vector<Queue>& queues, Mistakes& mistakes) {
  const Written* value = find(root, "queue");
  if (value == nullptr) return;
  if (value->kind != WrittenKind::table)
    return add_wrong_kind({"queue", *value}, "a table", mistakes, "write [queue.fast]");
  if (value->entries.size() > most_queues)
    return mistakes.add(value->place, std::to_string(value->entries.size()) +
                                          " queues; the most is " + std::to_string(most_queues));
  for (const WrittenEntry& entry : value->entries) read_queue(entry, queues, mistakes);
  for (const WrittenEntry& entry : value->entries) read_parent(entry, queues, mistakes);
  for (const WrittenEntry& entry : value->entries)
    if (const auto own = find_queue(queues, entry.name))
      if (const auto good = check_parts(queues, *own); !good)
        mistakes.add(entry.place, good.error().what, good.error().hint);
}

/// "all", or how many of the first that wait are promised a start.
void read_promises(const Written& value, PolicySettings& settings, Mistakes& mistakes) {
  if (value.text == "all") {
    settings.promises = everyone;
  } else if (value.kind == WrittenKind::text) {
    add_wrong_kind({"promises", value}, "a whole number or \"all\"", mistakes);
  } else if (const auto n = read_whole({"promises", value}, 0, most_promises, mistakes)) {
    settings.promises = static_cast<std::uint32_t>(*n);
  }
}

/// Two lengths of time, the shorter in front: ["1h", "2h"], or 1h,2h on a command line.
void read_levels(const Written& value, PolicySettings& settings, Mistakes& mistakes) {
  const auto texts = read_texts({"levels", value}, mistakes);
  if (!texts) return;
  const auto first = texts->empty() ? Result<Span>(Span{0}) : parse_span(texts->front());
  const auto second = parse_span(texts->back());
  if (texts->size() != 2 || !first || !second || first->us < 1 || *second <= *first)
    return mistakes.add(value.place, "levels are two lengths of time, the shorter in front",
                        "write levels = [\"3250s\", \"7200s\"]");
  settings.levels = {*first, *second};
}

void read_policy_setting(std::string_view key, const Written& value, PolicySettings& settings,
                         Mistakes& mistakes) {
  if (key == "promises") {
    read_promises(value, settings, mistakes);
  } else if (key == "ages" || key == "patience") {
    const auto span = read_span({key, value}, mistakes);
    if (span && span->us < seconds(1).us)
      return mistakes.add(value.place, std::string(key) + " goes from 1s to 100 years");
    if (span) (key == "ages" ? settings.ages : settings.patience) = *span;
  } else if (key == "levels") {
    read_levels(value, settings, mistakes);
  } else if (key == "seed") {
    const auto seed =
        read_whole({key, value}, 0, std::numeric_limits<std::int64_t>::max(), mistakes);
    if (seed) settings.seed = static_cast<std::uint64_t>(*seed);
  }
}

/// Whether it is a name of a policy.
bool read_policy_name(Key key, Settings& settings, const PolicyCheck& check, Mistakes& mistakes) {
  const auto name = read_text(key, mistakes);
  if (!name) return false;
  settings.policy = *name;
  if (!check) return true;
  const auto good = check(*name, {});
  if (!good) mistakes.add(key.value.place, good.error().what, good.error().hint);
  return good.ok();
}

/// A name, or a table with the name and what is set besides.
void read_policy(const Written& value, Settings& settings, const PolicyCheck& check,
                 Mistakes& mistakes) {
  if (value.kind != WrittenKind::table) {
    read_policy_name({"policy", value}, settings, check, mistakes);
    return;
  }
  refuse_unknown_keys_in("policy", value, policy_keys, {}, mistakes);
  const Written* name = find(value, "name");
  if (name == nullptr && !is_misspelt(value, "name", policy_keys))
    mistakes.add(value.place, "the policy has no name", "write policy = { name = \"easy\", ... }");
  const bool known =
      name != nullptr && read_policy_name({"name", *name}, settings, check, mistakes);
  for (const WrittenEntry& entry : value.entries) {
    if (entry.name == "name") continue;
    read_policy_setting(entry.name, entry.value, settings.policy_settings, mistakes);
    PolicySettings alone;
    Mistakes told_already("");
    read_policy_setting(entry.name, entry.value, alone, told_already);
    if (!known || !check || told_already.any()) continue;
    if (const auto good = check(settings.policy, alone); !good)
      mistakes.add(entry.place, good.error().what, good.error().hint);
  }
}

void read_for_all(const Written& root, ForAllSettings& settings, Mistakes& mistakes) {
  const Written* value = find(root, "for_all");
  if (value == nullptr) return;
  if (value->kind != WrittenKind::table)
    return add_wrong_kind({"for_all", *value}, "a table", mistakes,
                          "write [for_all] and people = \"a-group\" below it");
  refuse_unknown_keys_in("[for_all]", *value, for_all_keys, config_keys, mistakes);
  if (const Written* people = find(*value, "people"))
    settings.people = read_text({"people", *people}, mistakes).value_or("");
  if (const Written* operators = find(*value, "operators"))
    settings.operators = read_text({"operators", *operators}, mistakes).value_or("");
}

Settings settings_of(const Written& root, const PolicyCheck& check, Settings settings,
                     Mistakes& mistakes) {
  refuse_unknown_keys(root, config_keys, mistakes);
  if (const Written* value = find(root, "policy")) read_policy(*value, settings, check, mistakes);
  read_limited(root, "idle_exit", seconds(1), "1s", hours(24 * 365), "365d", settings.idle_exit,
               mistakes);
  read_limited(root, "sample_every", milliseconds(100), "0.1s", hours(1), "1h",
               settings.sample_every, mistakes);
  read_limited(root, "half_life", minutes(1), "1m", hours(24 * 365), "365d", settings.half_life,
               mistakes);
  if (const Written* value = find(root, "cpus_as_device"))
    settings.cpus_as_device = static_cast<std::uint32_t>(
        read_whole({"cpus_as_device", *value}, 1, most_cpus_as_device, mistakes)
            .value_or(settings.cpus_as_device));
  read_for_all(root, settings.for_all, mistakes);
  read_queues(root, settings.queues, mistakes);
  read_people(root, settings.house, mistakes);
  read_quiet_hours(root, settings.queues, settings.house, mistakes);
  read_maintenance(root, settings.house, mistakes);
  read_slurm(root, settings.on_slurm, mistakes);
  read_notify(root, settings.notify, mistakes);
  read_servers(root, settings.servers, mistakes);
  return settings;
}

}  // namespace

Result<void> set_of_policy(const std::string& key, const std::string& value,
                           PolicySettings& settings) {
  Mistakes mistakes("");
  Written written;
  written.kind = WrittenKind::typed;
  written.text = value;
  Written table;
  table.entries.push_back({key, {}, written});
  refuse_unknown_keys(table, std::span(policy_keys).subspan(1), mistakes);
  if (!mistakes.any()) read_policy_setting(key, written, settings, mistakes);
  if (mistakes.any()) return mistakes.in_order().front();
  return {};
}

Result<Settings> read_config(std::string_view text, const std::string& file_name,
                             std::vector<Error>* mistakes, const PolicyCheck& check_policy,
                             Settings before) {
  const auto refuse = [&](const std::vector<Error>& errors) {
    if (mistakes != nullptr) *mistakes = errors;
    return errors.front();
  };
  if (text.size() > largest_config_file)
    return refuse({{ErrorKind::usage,
                    "a config file of " + std::to_string(text.size()) + " bytes; the most is " +
                        std::to_string(largest_config_file),
                    file_name, ""}});
  const auto root = read_toml(text, file_name);
  if (!root) return refuse({root.error()});
  Mistakes found(file_name);
  Settings settings = settings_of(*root, check_policy, std::move(before), found);
  if (found.any()) return refuse(found.in_order());
  return settings;
}

}  // namespace gangline
