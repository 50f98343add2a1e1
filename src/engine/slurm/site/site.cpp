#include "engine/slurm/site/site.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "base/text.h"
#include "engine/slurm/site/gpu_types.h"
#include "engine/slurm/site/scontrol_line.h"
#include "engine/slurm/squeue.h"

namespace gangline {
namespace {

constexpr std::size_t longest_reason = 200;

std::string_view first_word(std::string_view text) { return text.substr(0, text.find(' ')); }

/// "Key = value" in each line.
std::map<std::string, std::string, std::less<>> config_values(std::string_view text) {
  constexpr std::size_t most_keys = 4'096;
  std::map<std::string, std::string, std::less<>> values;
  for (const std::string_view line : split(text, '\n')) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || values.size() >= most_keys) continue;
    values.emplace(trim(line.substr(0, equals)), trim(line.substr(equals + 1)));
  }
  return values;
}

// "batch_sched_delay=0,max_array_tasks=500"
std::string_view parameter_of(std::string_view list, std::string_view name) {
  for (const std::string_view part : split(list, ','))
    if (part.starts_with(name) && part.substr(name.size()).starts_with('='))
      return part.substr(name.size() + 1);
  return {};
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

/// False: it makes no sense.
bool add_gpus(std::string_view part, Node& node) {
  GpuCount gpus;
  if (!read_gpu_count(part, gpus)) return false;
  if (gpus.count > most_slurm_gpus_on_a_node - node.devices.size()) return false;
  const GpuTypeFacts facts = gpu_type_facts(gpus.type);
  for (std::uint64_t n = 0; n < gpus.count; ++n) {
    Device gpu;
    gpu.vendor = facts.vendor;
    gpu.model = printable(gpus.type);
    gpu.uid = "gpu" + std::to_string(node.devices.size());
    gpu.memory = facts.memory;
    node.devices.push_back(std::move(gpu));
  }
  return true;
}

struct StateWord {
  std::string_view front;
  const char* says;  // why nothing starts there
};
constexpr StateWord bad_states[] = {
    {"drain", "drained"},
    {"drng", "drained"},
    {"down", "down"},
    {"fail", "said to fail"},
    {"maint", "in maintenance"},
    {"no_resp", "not answering"},
    {"not_resp", "not answering"},
    {"unk", "not known to Slurm yet"},
    {"future", "not there yet"},
    {"inval", "not what Slurm's configuration says"},
    {"error", "in error"},
    {"perfctrs", "held for measurements"},
    {"reboot_issued", "being rebooted"},
    {"power_down", "being switched off"},
    {"powering_down", "being switched off"},
};

// "IDLE+DRAIN", "DOWN*+DRAIN", "MIXED+CLOUD", "RESERVED". A '*' marks a node that does not answer.
// One that sleeps ("IDLE~", "POWERED_DOWN") is woken when it is needed, so it is up.
void add_state(std::string_view state, std::string_view reason, Node& node) {
  const std::string lower = lower_case(state);
  std::string says;
  const auto say = [&](const char* more) {
    if (says.find(more) == std::string::npos)
      says += (says.empty() ? "" : ", ") + std::string(more);
  };
  bool reserved = false, asleep = lower.find('~') != std::string::npos;
  for (const std::string_view word : split(lower, '+')) {
    for (const StateWord& bad : bad_states)
      if (word.starts_with(bad.front)) say(bad.says);
    if (word.find('*') != std::string_view::npos) say("not answering");
    reserved = reserved || word.starts_with("reserved");
    asleep = asleep || word.starts_with("powered_down");
  }
  if (state.empty()) say("its state is not told");
  node.up = says.empty();
  if (!node.up)
    node.notes.push_back(
        says + (reason.empty() ? "" : ": " + printable(reason.substr(0, longest_reason))));
  if (reserved) node.notes.emplace_back("reserved: only those start there for whom it is");
  if (asleep && node.up) node.notes.emplace_back("asleep: it is woken when something starts there");
}

SlurmNodeSeen node_line(std::string_view line) {
  const auto text = [&](std::string_view key) { return std::string(word_of(line, key)); };
  SlurmNodeSeen seen;
  seen.name = text("NodeName");
  const std::string_view usable = word_of(line, "CPUEfctv");
  seen.cpus = number_or(usable.empty() ? word_of(line, "CPUTot") : usable, 0);
  seen.memory = number_or(word_of(line, "RealMemory"), 0);
  seen.memory_of_system = number_or(word_of(line, "MemSpecLimit"), 0);
  seen.gres = text("Gres");
  if (seen.gres == "(null)") seen.gres.clear();
  seen.state = text("State");
  const std::size_t reason = line.find(" Reason=");
  if (reason != std::string_view::npos) seen.reason = trim(line.substr(reason + 8));
  seen.cpus_held = number_or(word_of(line, "CPUAlloc"), 0);
  seen.memory_held = number_or(word_of(line, "AllocMem"), 0);
  seen.gres_used = text("GresUsed");
  seen.tres_used = text("AllocTRES");
  for (const std::string_view name : split(word_of(line, "Partitions"), ','))
    seen.partitions.emplace_back(name);
  for (const char* key : {"AvailableFeatures", "ActiveFeatures"})
    for (const std::string_view name : split(word_of(line, key), ','))
      seen.features.emplace_back(name);
  return seen;
}

constexpr std::string_view kept_variables[] = {
    "PATH", "HOME",   "USER",       "LOGNAME",   "SHELL",           "LANG",
    "TERM", "TMPDIR", "SLURM_CONF", "SLURM_JWT", "LD_LIBRARY_PATH", "KRB5CCNAME"};

/// "1-3,07" behind `before`, in front of `after`. False: it makes no sense.
bool add_numbered(std::string_view before, std::string_view ranges, std::string_view after,
                  std::vector<std::string>& names) {
  constexpr std::size_t most_digits = 9;
  for (const std::string_view range : split(ranges, ',')) {
    const std::size_t dash = range.find('-');
    const std::string_view low = range.substr(0, dash);
    const std::string_view high = dash == std::string_view::npos ? low : range.substr(dash + 1);
    const auto from = parse_number(low), to = parse_number(high);
    if (!from || !to || *from > *to || high.size() > most_digits) return false;
    if (*to - *from >= most_slurm_nodes - names.size()) return false;
    for (std::uint64_t n = *from; n <= *to; ++n) {
      std::string digits = std::to_string(n);
      if (digits.size() < low.size()) digits.insert(0, low.size() - digits.size(), '0');
      names.push_back(std::string(before) + digits + std::string(after));
    }
  }
  return true;
}

bool add_names(std::string_view part, std::vector<std::string>& names) {
  const std::size_t open = part.find('['), close = part.find(']');
  if (open == std::string_view::npos && close == std::string_view::npos) {
    if (part.empty() || names.size() >= most_slurm_nodes) return false;
    names.emplace_back(part);
    return true;
  }
  if (open == std::string_view::npos || close == std::string_view::npos || close < open)
    return false;
  const std::string_view before = part.substr(0, open), after = part.substr(close + 1);
  const std::string_view ranges = part.substr(open + 1, close - open - 1);
  if (after.find('[') == std::string_view::npos) return add_numbered(before, ranges, after, names);
  // "rack[1-2]n[1-4]": each of the first with each of the second.
  std::vector<std::string> firsts;
  if (!add_numbered(before, ranges, "", firsts)) return false;
  for (const std::string& first : firsts) {
    const std::size_t second = after.find('[');
    const std::string_view rest = after.substr(second);
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos || rest.find('[', 1) != std::string_view::npos) return false;
    if (!add_numbered(first + std::string(after.substr(0, second)), rest.substr(1, end - 1),
                      rest.substr(end + 1), names))
      return false;
  }
  return true;
}

}  // namespace

const SlurmPartition* SlurmSite::partition(std::string_view name) const {
  const auto found = std::find_if(partitions.begin(), partitions.end(),
                                  [&](const SlurmPartition& p) { return p.name == name; });
  return found == partitions.end() ? nullptr : &*found;
}

std::string SlurmSite::partition_word(const std::string& queue) const {
  const std::string& word = queue == "normal" && !usual.partition.empty() ? usual.partition : queue;
  return partition(word) != nullptr ? word : "";
}

const SlurmPartition* SlurmSite::partition_for(const std::string& queue) const {
  if (queue == "normal" && !usual.partition.empty()) return partition(usual.partition);
  if (const SlurmPartition* named = partition(queue)) return named;
  if (queue != "normal") return nullptr;
  const auto found = std::find_if(partitions.begin(), partitions.end(),
                                  [](const SlurmPartition& p) { return p.is_default; });
  return found == partitions.end() ? nullptr : &*found;
}

bool SlurmSite::bars(const std::string& node) const {
  return std::binary_search(barred.begin(), barred.end(), node);
}

bool SlurmSite::has_gpus() const {
  return std::any_of(gres.begin(), gres.end(), [](const GresType& g) { return g.name == "gpu"; });
}

std::vector<std::string> config_words() { return {"scontrol", "show", "config"}; }
std::vector<std::string> partitions_words() { return {"scontrol", "show", "partition", "-o"}; }
std::vector<std::string> nodes_words() { return {"scontrol", "show", "node", "-d", "-o"}; }

Result<SlurmSite> read_slurm_site(std::string_view config, std::string_view partitions,
                                  std::string_view nodes) {
  const auto values = config_values(config);
  const auto value = [&](std::string_view key) {
    const auto found = values.find(key);
    return found == values.end() || found->second == "(null)" ? std::string_view() : found->second;
  };
  if (value("SLURM_VERSION").empty() && value("MaxArraySize").empty())
    return Error{ErrorKind::broken, "scontrol did not say how Slurm is configured",
                 "scontrol show config", "does it print \"SLURM_VERSION = …\" when you run it?"};
  SlurmSite site;
  site.version = printable(value("SLURM_VERSION"));
  site.max_array_size = number_or(value("MaxArraySize"), site.max_array_size);
  site.max_array_tasks =
      number_or(parameter_of(value("SchedulerParameters"), "max_array_tasks"), site.max_array_size);
  const std::string_view storage = value("AccountingStorageType");
  site.accounting = !storage.empty() && !storage.ends_with("none");
  const std::string select = lower_case(value("SelectType"));
  site.gpus_per_task = select.empty() || select.ends_with("cons_tres");
  site.kill_wait = seconds(number_or(first_word(value("KillWait")), 30));
  site.mpi_default = printable(value("MpiDefault"));
  site.partitions = read_slurm_partitions(partitions);
  site.gres = gres_types_of(read_slurm_nodes(nodes));
  return site;
}

std::vector<SlurmPartition> read_slurm_partitions(std::string_view text) {
  std::vector<SlurmPartition> partitions;
  each_line(text, "PartitionName=", most_slurm_partitions, [&](std::string_view line) {
    SlurmPartition partition;
    partition.name = word_of(line, "PartitionName");
    partition.is_default = word_of(line, "Default") == "YES";
    partition.up = word_of(line, "State") == "UP";
    partition.max_time = read_slurm_span(word_of(line, "MaxTime"));
    partition.default_time = read_slurm_span(word_of(line, "DefaultTime"));
    partition.nodes = printable(word_of(line, "Nodes"));
    if (!partition.name.empty() && is_utf8(partition.name))
      partitions.push_back(std::move(partition));
  });
  return partitions;
}

std::vector<SlurmNodeSeen> read_node_lines(std::string_view text) {
  std::vector<SlurmNodeSeen> nodes;
  each_line(text, "NodeName=", most_slurm_nodes,
            [&](std::string_view line) { nodes.push_back(node_line(line)); });
  return nodes;
}

Node node_of(const SlurmNodeSeen& seen) {
  Node node;
  node.name = printable(seen.name);
  if (seen.cpus == 0 || seen.cpus > 0x10000)
    node.notes.emplace_back("how many CPUs it has is not told");
  else node.counted = whole_cpus(seen.cpus);
  const std::uint32_t own = seen.memory_of_system;
  node.memory = mebibytes(seen.memory > own ? seen.memory - own : seen.memory);
  for (const std::string& part : gres_parts(seen.gres))
    if (!add_gpus(part, node))
      node.notes.push_back("its devices make no sense: " +
                           printable(part.substr(0, longest_reason)));
  add_state(seen.state, seen.reason, node);
  return node;
}

std::vector<Node> nodes_of(const std::vector<SlurmNodeSeen>& seen) {
  std::vector<Node> nodes;
  nodes.reserve(seen.size());
  for (const SlurmNodeSeen& one : seen) nodes.push_back(node_of(one));
  return nodes;
}

std::vector<Node> read_slurm_nodes(std::string_view text) {
  return nodes_of(read_node_lines(text));
}

std::vector<GresType> gres_types_of(const std::vector<Node>& nodes) {
  std::vector<GresType> types;
  for (const Node& node : nodes) {
    std::map<std::string, std::uint32_t> counts;
    for (const Device& device : node.devices) ++counts[device.model];
    for (const auto& one : counts) {
      auto known = std::find_if(types.begin(), types.end(),
                                [&](const GresType& t) { return t.type == one.first; });
      if (known == types.end()) known = types.insert(types.end(), GresType{"gpu", one.first, 0});
      known->most_on_a_node = std::max(known->most_on_a_node, one.second);
    }
  }
  return types;
}

std::optional<std::vector<std::string>> expand_slurm_nodes(std::string_view list) {
  std::vector<std::string> names;
  std::size_t begin = 0;
  bool inside = false;
  for (std::size_t at = 0; at <= list.size(); ++at) {
    const char c = at < list.size() ? list[at] : ',';
    if (at < list.size() && c == '[') inside = true;
    if (c == ']') inside = false;
    if (c != ',' || (inside && at < list.size())) continue;
    if (!add_names(list.substr(begin, at - begin), names)) return std::nullopt;
    begin = at + 1;
  }
  return names;
}

std::vector<EnvVar> environment_for_slurm(const std::vector<EnvVar>& ours) {
  std::vector<EnvVar> kept;
  for (const EnvVar& variable : ours)
    if (variable.first.starts_with("LC_") ||
        std::find(std::begin(kept_variables), std::end(kept_variables), variable.first) !=
            std::end(kept_variables))
      kept.push_back(variable);
  kept.push_back({"TZ", "UTC"});
  kept.push_back({"SLURM_TIME_FORMAT", "standard"});
  kept.push_back({"SLURM_BITSTR_LEN", "0"});
  return kept;
}

}  // namespace gangline
