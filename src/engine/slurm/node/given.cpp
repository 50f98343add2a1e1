#include "engine/slurm/node/given.h"

#include <unistd.h>

#include <array>
#include <cstring>
#include <numeric>

#include "base/node_list.h"
#include "base/text.h"
#include "engine/slurm/node/node_lists.h"

extern char** environ;  // NOLINT: POSIX's own name

namespace gangline {
namespace {

// Steps that no srun made have the highest numbers: that of the batch script, as slurm.h has it.
constexpr std::uint32_t batch_step = 0xffff'fffb;
constexpr std::uint32_t first_odd_step = 0xffff'fff0;

Error not_in_slurm(const std::string& name, const std::string& value) {
  return {ErrorKind::refused,
          value.empty() ? "there is no " + name + " here" : name + "=" + value + " makes no sense",
          "", "this is for Slurm to run, not for people"};
}

std::optional<std::uint32_t> number_in(const SlurmVariables& variables, const std::string& name) {
  const auto number = parse_number(variable_of(variables, name));
  if (!number || *number > ~std::uint32_t{0}) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

/// As many as Slurm says on each node. Where that does not add up, as even as can be.
std::vector<NodeGiven> spread(const std::vector<std::string>& names, const std::string& counts,
                              std::uint32_t tasks) {
  auto each = expand_counts(counts).value_or(std::vector<std::uint32_t>());
  if (each.size() != names.size() || std::accumulate(each.begin(), each.end(), 0u) != tasks) {
    const auto nodes = static_cast<std::uint32_t>(names.size());
    each.assign(names.size(), tasks / nodes);
    for (std::uint32_t i = 0; i < tasks % nodes; ++i) ++each[i];
  }
  std::vector<NodeGiven> given;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (each[i] > 0) given.push_back({names[i], each[i], {}});
  return given;
}

/// Of this node. A step of one task may have fewer than its job.
std::vector<std::uint32_t> gpus_here(const SlurmVariables& variables, std::uint32_t tasks) {
  const std::string& step = variable_of(variables, "SLURM_STEP_GPUS");
  const std::string& job = variable_of(variables, "SLURM_JOB_GPUS");
  return expand_numbers(tasks == 1 && !step.empty() ? step : job)
      .value_or(std::vector<std::uint32_t>());
}

}  // namespace

SlurmVariables variables_here() {
  SlurmVariables all;
  for (char** entry = environ; *entry != nullptr; ++entry)
    if (const char* equals = std::strchr(*entry, '='); equals != nullptr)
      all[std::string(*entry, static_cast<std::size_t>(equals - *entry))] = equals + 1;
  return all;
}

const std::string& variable_of(const SlurmVariables& variables, const std::string& name) {
  static const std::string none;
  const auto found = variables.find(name);
  return found != variables.end() ? found->second : none;
}

bool is_of_slurm(std::string_view name) {
  constexpr std::array<std::string_view, 4> heads{"SLURM_", "SLURMD_", "PMI_", "PMIX_"};
  for (const std::string_view head : heads)
    if (name.starts_with(head)) return true;
  return false;
}

std::optional<std::uint32_t> array_index(const SlurmVariables& variables) {
  return number_in(variables, "SLURM_ARRAY_TASK_ID");
}

Result<SlurmGiven> read_given(const SlurmVariables& variables, std::uint32_t tasks) {
  SlurmGiven given;
  given.job_id = variable_of(variables, "SLURM_JOB_ID");
  if (!parse_number(given.job_id)) return not_in_slurm("SLURM_JOB_ID", given.job_id);
  const std::string& array = variable_of(variables, "SLURM_ARRAY_JOB_ID");
  given.job =
      array.empty() ? given.job_id : array + "_" + variable_of(variables, "SLURM_ARRAY_TASK_ID");
  given.restarts = number_in(variables, "SLURM_RESTART_COUNT").value_or(0);
  given.in_step = number_in(variables, "SLURM_STEP_ID").value_or(batch_step) < first_odd_step;

  const std::string& list = variable_of(variables, "SLURM_JOB_NODELIST");
  const auto names = expand_node_list(list);
  if (!names || names->empty()) return not_in_slurm("SLURM_JOB_NODELIST", list);
  given.node = variable_of(variables, "SLURMD_NODENAME");
  if (given.node.empty()) given.node = names->front();
  given.nodes = tasks == 1 ? std::vector<NodeGiven>{{given.node, 1, {}}}
                           : spread(*names, variable_of(variables, "SLURM_TASKS_PER_NODE"), tasks);
  for (NodeGiven& node : given.nodes)
    if (node.name == given.node) node.gpus = gpus_here(variables, tasks);
  return given;
}

Result<RankGiven> read_rank(const SlurmVariables& variables) {
  RankGiven given;
  for (const auto& [name, value] :
       {std::pair{"SLURM_PROCID", &given.rank}, std::pair{"SLURM_LOCALID", &given.local_rank},
        std::pair{"SLURM_NODEID", &given.node}}) {
    const auto number = number_in(variables, name);
    if (!number) return not_in_slurm(name, variable_of(variables, name));
    *value = *number;
  }
  const std::string& list = variable_of(variables, "SLURM_STEP_NODELIST");
  const std::string& counts = variable_of(variables, "SLURM_STEP_TASKS_PER_NODE");
  const auto names = expand_node_list(list);
  const auto each = expand_counts(counts);
  if (!names) return not_in_slurm("SLURM_STEP_NODELIST", list);
  if (!each || each->size() != names->size() || given.node >= each->size() ||
      given.local_rank >= (*each)[given.node])
    return not_in_slurm("SLURM_STEP_TASKS_PER_NODE", counts);
  given.names = *names;
  given.tasks_on_node = *each;
  return given;
}

std::vector<std::string> visible_devices(const SlurmVariables& variables,
                                         const std::string& vendor) {
  const char* own = vendor == "amd"     ? "ROCR_VISIBLE_DEVICES"
                    : vendor == "intel" ? "ZE_AFFINITY_MASK"
                                        : "CUDA_VISIBLE_DEVICES";
  for (const char* name : {own, "CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL"}) {
    const std::string& value = variable_of(variables, name);
    if (value.empty() || value == "NoDevFiles") continue;
    std::vector<std::string> all;
    for (const std::string_view part : split(value, ',')) all.emplace_back(part);
    return all;
  }
  return {};
}

std::vector<std::string> devices_of_rank(const std::vector<std::string>& visible,
                                         std::uint32_t each, std::uint32_t local_rank) {
  if (visible.size() == each) return visible;
  const std::size_t first = std::size_t{each} * local_rank;
  if (visible.size() < first + each) return {};
  const auto begin = visible.begin() + static_cast<std::ptrdiff_t>(first);
  return {begin, begin + each};
}

}  // namespace gangline
