// What Slurm's programs print, or whatever stands in their place: each text is read or passed over.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "engine/slurm/fidelity.h"
#include "engine/slurm/sbatch_script.h"
#include "engine/slurm/site/gpu_types.h"
#include "engine/slurm/squeue.h"

namespace {

using namespace gangline;

void check_jobs(const std::vector<SlurmJobSeen>& jobs) {
  for (const SlurmJobSeen& job : jobs) {
    CHECK(job.job > 0 && job.own > 0 && !job.id.empty());
    CHECK(is_utf8(job.tag) && is_utf8(job.nodes) && is_utf8(job.state_word));
    for (const ElementRange& range : job.elements) CHECK(range.begin < range.end);
  }
}

void check_nodes(std::string_view text) {
  const auto nodes = read_slurm_nodes(text);
  for (const Node& node : nodes) {
    CHECK(node.devices.size() <= most_slurm_gpus_on_a_node && is_utf8(node.name));
    CHECK(node.up || !node.notes.empty());
  }
}

// Whatever a job is called and wherever it lies, its script has the lines it should have.
void check_script(std::string_view text, const SlurmSite& site) {
  JobSpec spec;
  spec.name = spec.dir = text;
  spec.command = {true, {std::string(text)}};
  ScriptParts parts;
  parts.gang_program = parts.directory = parts.said_file_pattern = text;
  parts.tag = "t";
  const std::string script = sbatch_script(spec, 0, 1, site, parts);
  std::size_t commands = 0, options = 0;
  for (const std::string_view line : split(script, '\n')) {
    CHECK(line.find('\r') == std::string_view::npos);
    options += line.starts_with("#SBATCH");
    commands += !line.empty() && !line.starts_with('#');
  }
  CHECK(commands == 1 && options >= 9 && options <= 10);
  static_cast<void>(fidelity_of(spec, site));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  check_jobs(read_squeue(text, "M"));
  check_jobs(read_sacct(text, "M"));
  check_nodes(text);
  CHECK(is_utf8(reason_in_words(text)));
  CHECK(is_utf8(slurm_error("sbatch", text).what));
  static_cast<void>(read_sbatch_answer(text));
  static_cast<void>(read_test_only(text));
  static_cast<void>(read_slurm_time(text));
  static_cast<void>(read_slurm_span(text));
  static_cast<void>(gpu_type_facts(text));
  if (const auto names = expand_slurm_nodes(text)) CHECK(names->size() <= most_slurm_nodes);
  check_script(text, {});
  if (const auto site = read_slurm_site(text, text, text)) check_script(text, *site);
  return 0;
}
