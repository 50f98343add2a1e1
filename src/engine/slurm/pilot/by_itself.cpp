#include "engine/slurm/pilot/by_itself.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "engine/slurm/fidelity.h"
#include "engine/slurm/pilot/pilot_script.h"

namespace gangline {
namespace {

bool are_short(const JobSpec& spec, Span longest) {
  for (std::uint32_t n = 0; n < spec.resources.alternatives.size(); ++n) {
    const auto time = time_limit_of(spec, 0, n);
    if (!time || *time > longest) return false;
  }
  return true;
}

/// Whole nodes have what the least of them has. False: none of them is known.
bool fill_in(PilotRequest& request, const SlurmPartition& partition,
             const std::vector<Node>& nodes) {
  const auto names = expand_slurm_nodes(partition.nodes);
  if (!names) return false;
  const std::set<std::string> in_it(names->begin(), names->end());
  std::optional<std::uint32_t> cpus;
  std::optional<Bytes> memory;
  for (const Node& node : nodes) {
    if (!in_it.contains(node.name) || node.devices.size() < request.gpus) continue;
    const std::uint32_t own = node.counted.whole();
    cpus = std::min(cpus.value_or(own), own);
    memory = std::min(memory.value_or(node.memory), node.memory);
  }
  if (!cpus || *cpus == 0) return false;
  if (request.cpus == 0 && request.memory.n == 0) request.memory = *memory;
  if (request.cpus == 0) request.cpus = *cpus;
  return true;
}

}  // namespace

std::optional<PilotRequest> pilot_by_itself(const JobSpec& spec, const SlurmProfile& profile,
                                            const SlurmSite& site, const std::vector<Node>& nodes) {
  const bool is_said = spec.pilot && spec.pilot_said_by != PilotSaidBy::service;
  if (!profile.pilot || is_said || spec.pilot_said_by == PilotSaidBy::person) return std::nullopt;
  if (spec.launcher == TeamLauncher::mpi || gang_count(spec) < profile.pilot->gangs ||
      !are_short(spec, profile.pilot->shorter_than))
    return std::nullopt;
  const SlurmPartition* partition = site.partition_for(spec.queue);
  if (!partition) return std::nullopt;
  PilotRequest request = profile.pilot->request;
  request.queue = site.partition_word(spec.queue);
  if (partition->max_time) request.time = std::min(request.time, *partition->max_time);
  PilotRequest known = request;
  if (!fill_in(known, *partition, nodes) || !could_take(known, spec)) return std::nullopt;
  return request;
}

Translation translated_for_pilot(const JobSpec& spec, const std::optional<PilotRequest>& pilot,
                                 const SlurmUsual& usual, const std::string& gang_program,
                                 const std::string& state_dir) {
  Translation translation;
  const std::string why =
      pilot ? "by itself, for it has " + std::to_string(gang_count(spec)) + " short gangs; " : "";
  translation.fields.push_back(
      {"pilot", name_of(Fidelity::exact),
       why + "it is not handed to Slurm: it runs on nodes of a pilot" +
           (pilot ? ", which is asked for so if none that could take it is there" : "")});
  if (!pilot) {
    translation.script = "# Nothing is sent for it. `gang pilot --on slurm --list` shows pilots.\n";
    return translation;
  }
  const std::string directory = state_dir + "/pilots/<number>";
  translation.script =
      pilot_script(*pilot, "<number>", usual, gang_program, directory, directory + "/said");
  return translation;
}

}  // namespace gangline
