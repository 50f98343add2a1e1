#include "engine/slurm/pilot/given_node.h"

#include <algorithm>

#include "base/text.h"
#include "engine/slurm/node/node_lists.h"

namespace gangline {
namespace {

constexpr std::uint32_t most_devices_given = 1'024;

/// Slurm counts the devices that a process may open, or all of the node, and they are found in the
/// same order either way.
std::optional<Device> find_device(const Node& found, const std::string& said) {
  std::uint64_t n = 0;
  const auto number = parse_number(said);
  for (const Device& device : found.devices) {
    if (device.kind != DeviceKind::gpu || device.parent) continue;
    if (device.uid == said || (number && *number == n)) return device;
    ++n;
  }
  return std::nullopt;
}

std::vector<Device> devices_given(const SlurmVariables& variables, const Node& found,
                                  const std::vector<GpuFile>& files) {
  std::vector<std::string> said = visible_devices(variables, "nvidia");
  std::string vendor = "nvidia";
  for (const char* other : {"amd", "intel"})
    if (said.empty()) {
      said = visible_devices(variables, other);
      vendor = other;
    }
  // On the whole node, where `said` may count those alone that we may open.
  const std::string& step = variable_of(variables, "SLURM_STEP_GPUS");
  const auto places =
      expand_numbers(!step.empty() ? step : variable_of(variables, "SLURM_JOB_GPUS"));
  const auto uuids = uuids_of(said, files, found);
  std::vector<Device> given;
  for (const std::string& one : said) {
    if (given.size() >= most_devices_given) break;
    const std::string& name = uuids.empty() ? one : uuids[given.size()];
    // Where NVIDIA's have files, a number is no name unless it is certain which one is meant.
    if (files.empty() || !parse_number(name))
      if (auto device = find_device(found, name)) {
        given.push_back(*std::move(device));
        continue;
      }
    // Its driver says nothing of it. It is what Slurm says, under the number by which it is chosen.
    Device device;
    device.vendor = vendor;
    const auto number = parse_number(one);
    // No two on a node have the same name, whoever was given them.
    const bool has_place = places && places->size() == said.size();
    device.uid = has_place ? "gpu" + std::to_string((*places)[given.size()])
                 : number  ? "gpu" + one + "@" + variable_of(variables, "SLURM_JOB_ID")
                           : one;
    if (number && *number < most_devices_given)
      device.ordinal = static_cast<std::uint32_t>(*number);
    given.push_back(std::move(device));
  }
  return given;
}

std::optional<std::uint64_t> number_in(const SlurmVariables& variables, const char* name) {
  return parse_number(variable_of(variables, name));
}

}  // namespace

Node node_as_given(const SlurmVariables& variables, Node found, const std::vector<GpuFile>& files) {
  if (const std::string& name = variable_of(variables, "SLURMD_NODENAME"); !name.empty())
    found.name = name;
  found.devices = devices_given(variables, found, files);
  found.links.clear();
  found.ports.clear();
  const auto cpus = number_in(variables, "SLURM_CPUS_ON_NODE");
  if (cpus && *cpus > 0 && *cpus < CpuSet::most_cpus && *cpus != found.cpus.count()) {
    // Which of them are ours is not said, so they are only counted.
    found.cpus = {};
    found.counted = whole_cpus(static_cast<std::uint32_t>(*cpus));
    found.cores.clear();
    found.numa.clear();
    for (Device& device : found.devices) device.numa_node.reset();
  }
  auto megabytes = number_in(variables, "SLURM_MEM_PER_NODE");
  if (const auto each = number_in(variables, "SLURM_MEM_PER_CPU"); !megabytes && each && cpus)
    megabytes = *each * *cpus;
  if (megabytes && *megabytes > 0 && *megabytes < (1ull << 40)) {
    const Bytes given = mebibytes(static_cast<std::int64_t>(*megabytes));
    if (found.memory.n == 0 || given < found.memory) found.memory = given;
  }
  return found;
}

}  // namespace gangline
