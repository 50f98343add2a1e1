#include "engine/slurm/site/node_use.h"

#include <algorithm>
#include <cctype>

#include "engine/slurm/site/scontrol_line.h"

namespace gangline {
namespace {

struct StateWord {
  std::string_view front;
  const char* says;
};
// What of a node that is up its state says, in front and as one more word.
constexpr StateWord states_of_use[] = {{"IDLE", "idle"},
                                       {"MIXED", "mixed"},
                                       {"ALLOC", "full"},
                                       {"COMPLETING", "jobs are ending"},
                                       {"RESERVED", "reserved"}};
constexpr StateWord more_words[] = {{"COMPLETING", "jobs are ending"},
                                    {"PLANNED", "kept for a job that waits"},
                                    {"RESERVED", "reserved"},
                                    {"POWERING_UP", "waking up"},
                                    {"POWERED_DOWN", "asleep"}};

/// "bad fan [root@2026-11-27T09:42:03]", in UTC, as people read it.
std::string with_who_and_when(const std::string& note) {
  const std::size_t open = note.rfind(" ["), at = note.rfind('@'), t = note.rfind('T');
  if (!note.ends_with("]") || open == note.npos || at == note.npos || t == note.npos ||
      !(open < at && at < t) || note.size() != t + 10)
    return note;
  return note.substr(0, open) + " (" + note.substr(open + 2, at - open - 2) + ", " +
         note.substr(at + 1, t - at - 1) + " " + note.substr(t + 1, 5) + " UTC)";
}

std::string state_of(const Node& node, std::string_view told) {
  if (!node.up && !node.notes.empty()) return with_who_and_when(node.notes.front());
  std::string state;
  const auto add = [&](std::string_view word, const auto& known) {
    for (const StateWord& one : known)
      if (word.starts_with(one.front)) state += (state.empty() ? "" : ", ") + std::string(one.says);
  };
  const auto words = split(told, '+');
  add(words.front(), states_of_use);
  for (std::size_t i = 1; i < words.size(); ++i) add(words[i], more_words);
  if (words.front().find('~') != std::string_view::npos) state += ", asleep";
  return state.empty() ? "up" : state;
}

/// "gpu:h100:2(IDX:0-1,4)": 0, 1, 4. "N/A" is nothing.
std::vector<std::uint32_t> numbers_in(std::string_view part) {
  std::vector<std::uint32_t> numbers;
  constexpr std::string_view front = "(IDX:";
  const std::size_t at = part.find(front);
  if (at == std::string_view::npos) return numbers;
  std::string_view list = part.substr(at + front.size());
  list = list.substr(0, list.find(')'));
  for (const std::string_view range : split(list, ',')) {
    const auto from = parse_number(range.substr(0, range.find('-')));
    const auto to =
        parse_number(range.substr(range.find('-') == range.npos ? 0 : range.find('-') + 1));
    if (!from || !to || *from > *to || *to >= most_slurm_gpus_on_a_node) continue;
    for (std::uint64_t n = *from; n <= *to; ++n) numbers.push_back(static_cast<std::uint32_t>(n));
  }
  return numbers;
}

std::vector<DevicesHeld> models_of(const Node& node) {
  std::vector<DevicesHeld> models;
  for (const Device& device : node.devices) {
    const auto known = std::find_if(models.begin(), models.end(), [&](const DevicesHeld& one) {
      return one.model == device.model;
    });
    if (known == models.end()) models.push_back({device.model, 1, 0});
    else ++known->count;
  }
  return models;
}

/// Of a model that the node does not have, of any that has some left.
void hold(std::uint64_t count, const std::string& model, std::vector<DevicesHeld>& models) {
  const auto take = [&](DevicesHeld& from) {
    const auto more =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(count, from.count - from.held));
    from.held += more;
    count -= more;
  };
  for (DevicesHeld& one : models)
    if (one.model == model) return take(one);
  for (DevicesHeld& one : models) take(one);
}

void read_devices(const SlurmNodeSeen& seen, const Node& node, PlacedNode& use) {
  use.devices = models_of(node);
  bool told = false;
  for (const std::string& part : gres_parts(seen.gres_used, true)) {
    GpuCount counted;
    if (!read_gpu_count(gres_parts(part).front(), counted)) continue;
    told = told || part.starts_with("gpu") || part.starts_with("gres:gpu");
    hold(counted.count, printable(counted.type), use.devices);
    if (counted.count == 0) continue;
    for (const std::uint32_t n : numbers_in(part))
      if (n < node.devices.size()) use.devices_held.push_back(n);
  }
  if (told) return;
  // Without what stands there, all together.
  for (const std::string_view part : split(seen.tres_used, ','))
    if (part.starts_with("gres/gpu=")) hold(number_or(part.substr(9), 0), "", use.devices);
}

}  // namespace

PlacedNode use_of(const SlurmNodeSeen& seen, const Node& node,
                  const std::vector<SlurmPartition>& partitions, Time at) {
  PlacedNode use;
  use.at = at;
  use.state = state_of(node, seen.state);
  use.cpus_held = whole_cpus(std::min(seen.cpus_held, 0x10000u));
  use.memory_held = mebibytes(seen.memory_held);
  read_devices(seen, node, use);
  for (const std::string& name : seen.partitions)
    for (const SlurmPartition& one : partitions)
      if (one.name == name)
        use.partitions.push_back({one.name, one.is_default, one.up, one.max_time});
  return use;
}

std::map<std::string, PlacedNode> read_slurm_node_use(std::string_view text,
                                                      const std::vector<SlurmPartition>& partitions,
                                                      Time at) {
  std::map<std::string, PlacedNode> uses;
  for (const SlurmNodeSeen& seen : read_node_lines(text)) {
    const Node node = node_of(seen);
    uses[node.name] = use_of(seen, node, partitions, at);
  }
  return uses;
}

}  // namespace gangline
