// Nodes, partitions, and what Slurm says of itself.
#include <algorithm>
#include <cctype>

#include "engine/slurm/rest/rest_answers.h"
#include "engine/slurm/rest/rest_json.h"

namespace gangline {
namespace {

std::uint32_t small_number_in(const Json& object, const char* key) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(number_in(object, key).value_or(0), 0xffff'ffff));
}

std::string upper_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// As scontrol writes it: "bad fan [root@2026-11-27T09:42:03]".
std::string reason_of(const Json& one) {
  std::string reason = text_in(one, "reason");
  const std::string by = text_in(one, "reason_set_by_user");
  const auto since = number_in(one, "reason_changed_at");
  const auto at = since ? read_slurm_time(std::to_string(*since)) : std::nullopt;
  if (reason.empty() || by.empty() || !at) return reason;
  std::string time = format_utc(*at);
  if (time.ends_with('Z')) time.pop_back();
  return reason + " [" + by + "@" + time + "]";
}

SlurmNodeSeen node_in(const Json& one) {
  SlurmNodeSeen seen;
  seen.name = text_in(one, "name");
  seen.cpus = small_number_in(one, "effective_cpus");  // from v0.0.39 on
  if (seen.cpus == 0) seen.cpus = small_number_in(one, "cpus");
  seen.memory = small_number_in(one, "real_memory");
  seen.memory_of_system = small_number_in(one, "specialized_memory");
  seen.gres = text_in(one, "gres");
  for (const char* key : {"state", "state_flags"})
    for (const std::string& word : words_in(one, key))
      seen.state += (seen.state.empty() ? "" : "+") + upper_case(word);
  seen.reason = reason_of(one);
  seen.cpus_held = small_number_in(one, "alloc_cpus");
  seen.memory_held = small_number_in(one, "alloc_memory");
  seen.gres_used = text_in(one, "gres_used");
  seen.tres_used = text_in(one, "tres_used");
  seen.partitions = words_in(one, "partitions");
  for (const char* key : {"features", "active_features"})
    for (const std::string& words : words_in(one, key))
      for (const std::string_view name : split(words, ',')) seen.features.emplace_back(name);
  return seen;
}

/// Minutes; -1 and null are no limit.
std::optional<Span> minutes_in(const Json& object, const char* key) {
  constexpr std::uint64_t most = 100'000'000;
  const auto number = number_in(object, key);
  if (!number || *number > most) return std::nullopt;
  return minutes(static_cast<std::int64_t>(*number));
}

SlurmPartition partition_in(const Json& one) {
  SlurmPartition partition;
  partition.name = text_in(one, "name");
  for (const std::string& flag : words_in(one, "flags"))
    partition.is_default = partition.is_default || upper_case(flag) == "DEFAULT";
  const auto state = words_in(one, "state");
  partition.up = !state.empty() && upper_case(state.front()) == "UP";
  partition.max_time = minutes_in(one, "max_time_limit");
  partition.default_time = minutes_in(one, "default_time_limit");
  partition.nodes = printable(text_in(one, "nodes"));
  return partition;
}

/// The list of that key, within limits; an Error where the answer is none.
template <class T, class Read>
Result<std::vector<T>> read_list(std::string_view text, const char* key, std::size_t most,
                                 Read read) {
  std::vector<T> list;
  const Json all = parse_each(text, key, [&](const Json& one) {
    T value = read(one);
    if (list.size() < most && !value.name.empty() && is_utf8(value.name))
      list.push_back(std::move(value));
  });
  if (const auto complaint = complaint_in(all)) return error_of(*complaint);
  if (value_in(all, key).is_array()) return list;
  return Error{ErrorKind::broken, "what slurmrestd answers makes no sense", "slurmrestd",
               "is it slurmrestd that listens there?"};
}

}  // namespace

Result<std::vector<SlurmNodeSeen>> read_rest_nodes(std::string_view text) {
  return read_list<SlurmNodeSeen>(text, "nodes", most_slurm_nodes, node_in);
}

Result<std::vector<SlurmPartition>> read_rest_partitions(std::string_view text) {
  return read_list<SlurmPartition>(text, "partitions", most_slurm_partitions, partition_in);
}

std::string read_rest_release(std::string_view text) {
  const Json all = parse_rest(text);
  const Json& meta = value_in(all, "meta");
  const char* slurm = value_in(meta, "Slurm").is_object() ? "Slurm" : "slurm";  // v0.0.40 on
  return printable(text_in(value_in(meta, slurm), "release"));
}

Result<std::string> read_rest_select(std::string_view text) {
  std::vector<std::string> plugins;
  const Json all = parse_each(text, "clusters", [&](const Json& one) {
    plugins.push_back(printable(text_in(one, "select_plugin")));
  });
  if (const auto complaint = complaint_in(all)) return error_of(*complaint);
  if (!value_in(all, "clusters").is_array())
    return Error{ErrorKind::broken, "there are no accounts", "slurmrestd", ""};
  // Of several it is not told which one this is.
  return plugins.size() == 1 ? plugins.front() : std::string();
}

}  // namespace gangline
