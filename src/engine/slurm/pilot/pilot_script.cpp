#include "engine/slurm/pilot/pilot_script.h"

#include "base/text.h"
#include "engine/slurm/sbatch_script.h"

namespace gangline {
namespace {

std::int64_t whole_minutes(Span span) { return (span.us + minutes(1).us - 1) / minutes(1).us; }

}  // namespace

std::string pilot_script(const PilotRequest& request, const std::string& number,
                         const SlurmUsual& usual, const std::string& gang_program,
                         const std::string& directory, const std::string& said) {
  std::string script = "#!/bin/bash\n";
  const auto option = [&](const std::string& text) { script += "#SBATCH --" + text + "\n"; };
  option("job-name=gangline-pilot-" + number);
  option("nodes=" + std::to_string(request.nodes));
  option("ntasks-per-node=1");
  if (request.cpus > 0) option("cpus-per-task=" + std::to_string(request.cpus));
  else option("exclusive");
  if (request.gpus > 0)
    option("gres=gpu:" + (request.model.empty() ? "" : request.model + ":") +
           std::to_string(request.gpus));
  if (request.memory.n > 0)
    option("mem=" + std::to_string((request.memory.n + (1 << 20) - 1) >> 20) + "M");
  else if (request.cpus == 0) option("mem=0");  // all there is
  option("time=" + std::to_string(whole_minutes(request.time)));
  for (const std::string& one :
       usual_options(usual, request.queue.empty() ? usual.partition : request.queue))
    script += sbatch_line(one);
  option("no-requeue");  // Gangline asks again where there is work
  option("no-kill");     // a node that fails takes its own gangs along, and no others
  option("chdir=/");
  option("output=/dev/null");
  option("export=ALL");
  // One program on each node, which has all that was given there.
  return script +
         "\nexec srun --ntasks-per-node=1 --whole --mpi=none --cpu-bind=none --kill-on-bad-exit=0 "
         "--wait=0 --no-kill --input=none --open-mode=append --output=" +
         shell_quote(slurm_pattern_of(said)) + " " + shell_quote(gang_program) +
         " internal-slurm-pilot " + shell_quote(directory) + "\n";
}

}  // namespace gangline
