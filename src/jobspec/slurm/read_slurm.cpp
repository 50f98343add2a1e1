#include "jobspec/slurm/read_slurm.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "jobspec/config_keys.h"
#include "jobspec/read_value.h"
#include "jobspec/toml_reader.h"
#include "model/job.h"

namespace gangline {
namespace {

constexpr std::string_view places[] = {"slurm"};
constexpr std::string_view slurm_keys[] = {
    "partition",   "account",     "qos",         "constraint",  "look_every", "state",
    "pilot_gangs", "pilot_nodes", "pilot_gpus",  "pilot_model", "pilot_cpus", "pilot_shorter_than",
    "pilot_time",  "pilot_idle",  "pilot_memory"};
constexpr std::string_view section = "[on.slurm]";
constexpr std::int64_t most_of_a_node = 100'000;
constexpr Span longest_pilot = hours(24 * 365);

/// A word for an option of Slurm's programs, which never quote what they show again.
void read_word(const Written& table, std::string_view key, std::string_view also, std::string& word,
               Mistakes& mistakes) {
  const Written* value = find(table, key);
  if (value == nullptr) return;
  const auto text = read_text({key, *value}, mistakes);
  if (!text) return;
  const auto fits = [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' ||
           c == '+' || c == '@' || c == '/' || also.find(c) != std::string_view::npos;
  };
  if (text->empty() || text->size() > longest_slurm_word || text->front() == '-' ||
      !std::all_of(text->begin(), text->end(), fits))
    return mistakes.add(value->place,
                        "'" + printable(*text) + "' is no " + std::string(key) + " of Slurm's",
                        key == "partition" ? "name one, as `sinfo` does" : "");
  word = *text;
}

void read_between(const Written& table, std::string_view key, Span least, Span most, Span& setting,
                  Mistakes& mistakes) {
  const Written* value = find(table, key);
  if (value == nullptr) return;
  const auto span = read_span({key, *value}, mistakes);
  if (!span) return;
  if (*span < least || *span > most)
    return mistakes.add(value->place,
                        std::string(key) + " goes from " + format(least) + " to " + format(most));
  setting = *span;
}

void read_number(const Written& table, std::string_view key, std::int64_t least, std::int64_t most,
                 std::uint32_t& setting, Mistakes& mistakes) {
  const Written* value = find(table, key);
  if (value == nullptr) return;
  if (const auto whole = read_whole({key, *value}, least, most, mistakes))
    setting = static_cast<std::uint32_t>(*whole);
}

void read_state(const Written& table, std::string& state, Mistakes& mistakes) {
  const Written* value = find(table, "state");
  if (value == nullptr) return;
  const auto text = read_text({"state", *value}, mistakes);
  if (!text) return;
  if (!text->starts_with('/') && !text->starts_with("~/"))
    return mistakes.add(value->place, "state is a directory that begins with / or ~/",
                        "name one on a disk that all nodes see at the same path");
  state = *text;
}

/// A pilot that is asked for by itself is one that jobs can use and that ends.
void read_pilot(const Written& table, SlurmProfile& profile, Mistakes& mistakes) {
  const Written* gangs = find(table, "pilot_gangs");
  const auto first = std::find_if(table.entries.begin(), table.entries.end(),
                                  [](const auto& one) { return one.name.starts_with("pilot_"); });
  if (first == table.entries.end()) return;
  if (gangs == nullptr && !is_misspelt(table, "pilot_gangs", slurm_keys))
    mistakes.add(first->place, first->name + " says nothing without pilot_gangs",
                 "write pilot_gangs = 200: the gangs a job must have");
  PilotByItself pilot;
  PilotRequest& request = pilot.request;
  request.time = hours(1);
  read_number(table, "pilot_gangs", 1, most_gangs_in_a_job, pilot.gangs, mistakes);
  read_number(table, "pilot_nodes", 1, most_pilot_nodes, request.nodes, mistakes);
  read_number(table, "pilot_gpus", 0, most_of_a_node, request.gpus, mistakes);
  read_number(table, "pilot_cpus", 1, most_of_a_node, request.cpus, mistakes);
  read_word(table, "pilot_model", "", request.model, mistakes);
  if (const Written* memory = find(table, "pilot_memory"))
    request.memory = read_bytes({"pilot_memory", *memory}, mistakes).value_or(Bytes{0});
  read_between(table, "pilot_shorter_than", seconds(1), longest_pilot, pilot.shorter_than,
               mistakes);
  read_between(table, "pilot_time", shortest_pilot, longest_pilot, request.time, mistakes);
  read_between(table, "pilot_idle", seconds(1), longest_pilot, request.idle, mistakes);
  if (request.time < pilot.shorter_than + pilot.shorter_than)
    mistakes.add(first->place,
                 "pilot_time (" + format(request.time) +
                     ") is less than twice pilot_shorter_than (" + format(pilot.shorter_than) + ")",
                 "gangs that might not end before it would not start there");
  if (pilot.gangs > 0) profile.pilot = pilot;
}

/// Null: there is none, or what is there is told to be wrong.
const Written* section_of(const Written& root, Mistakes& mistakes) {
  const Written* on = find(root, "on");
  if (on == nullptr) return nullptr;
  if (on->kind != WrittenKind::table) {
    add_wrong_kind({"on", *on}, "a table", mistakes, "write [on.slurm]");
    return nullptr;
  }
  refuse_unknown_keys_in("[on]", *on, places, config_keys, mistakes);
  const Written* slurm = find(*on, "slurm");
  if (slurm == nullptr) return nullptr;
  if (slurm->kind == WrittenKind::table) return slurm;
  add_wrong_kind({"on.slurm", *slurm}, "a table", mistakes,
                 "write [on.slurm] and partition = \"gpu\" below it");
  return nullptr;
}

}  // namespace

void read_slurm(const Written& root, SlurmProfile& profile, Mistakes& mistakes) {
  const Written* table = section_of(root, mistakes);
  if (table == nullptr) return;
  refuse_unknown_keys_in(std::string(section), *table, slurm_keys, config_keys, mistakes);
  read_word(*table, "partition", "", profile.usual.partition, mistakes);
  read_word(*table, "account", "", profile.usual.account, mistakes);
  read_word(*table, "qos", "", profile.usual.qos, mistakes);
  read_word(*table, "constraint", "&|*()[],:", profile.usual.constraint, mistakes);
  read_between(*table, "look_every", shortest_look_every, longest_look_every, profile.look_every,
               mistakes);
  read_state(*table, profile.state, mistakes);
  read_pilot(*table, profile, mistakes);
}

Result<std::string> read_slurm_state(std::string_view text, const std::string& file_name) {
  const auto root = read_toml(text, file_name);
  if (!root) return root.error();
  Mistakes elsewhere(file_name), mistakes(file_name);
  std::string state;
  if (const Written* table = section_of(*root, elsewhere)) read_state(*table, state, mistakes);
  if (mistakes.any()) return mistakes.in_order().front();
  return state;
}

Result<std::optional<WrittenProfile>> find_slurm_profile(std::string_view text,
                                                         const std::string& file_name) {
  const auto root = read_toml(text, file_name);
  if (!root) return root.error();
  const Written* on = find(*root, "on");
  const Written* slurm = on != nullptr ? find(*on, "slurm") : nullptr;
  if (slurm == nullptr) return std::optional<WrittenProfile>();
  WrittenProfile found;
  found.line = slurm->place.line;
  for (const WrittenEntry& entry : slurm->entries)
    found.says.push_back(entry.name + " = " + printable(entry.value.text));
  return std::optional(std::move(found));
}

}  // namespace gangline
