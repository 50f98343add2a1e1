// What becomes of a job file on a Slurm, for check_scripts.py. SITE is a directory with what
// scontrol printed: config, partitions, nodes. The first word says what is printed:
//   rows SITE JOB                                  a key, how, and what becomes of it, in each line
//   refusal SITE JOB                               why it is not sent; empty: it is
//   script SITE JOB PROGRAM DIRECTORY SAID NUMBER  the script of the part of the job with this
//   number; empty: there is none srun SITE JOB PROGRAM DIRECTORY SAID           the call of srun
//   for the first gang, for a shell squeue                                         the call of
//   squeue, for a shell seen                                           what it answered (standard
//   input): id, state and comment in each line
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "base/text.h"
#include "engine/slurm/fidelity.h"
#include "engine/slurm/sbatch_script.h"
#include "engine/slurm/squeue.h"
#include "jobspec/job_file.h"

using namespace gangline;

namespace {

constexpr const char* mark = "k3yJ9x2Lq7Zw";

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void print_words(const std::vector<std::string>& words) {
  for (const std::string& word : words) std::cout << shell_quote(word) << ' ';
  std::cout << '\n';
}

int fail(const Error& error) {
  std::cerr << error.sentence() << '\n';
  return 1;
}

void print_seen(const std::string& answer) {
  for (const SlurmJobSeen& job : read_squeue(answer, mark))
    std::cout << job.id << ' ' << name_of(job.state) << ' ' << job.tag << '\n';
}

int print_for(const std::vector<std::string>& words) {
  const std::string& what = words[0];
  const auto site =
      read_slurm_site(content_of(words[1] + "/config"), content_of(words[1] + "/partitions"),
                      content_of(words[1] + "/nodes"));
  if (!site) return fail(site.error());
  const std::string text = content_of(words[2]);
  const auto spec = read_job_file({text, words[2], "/home/anna"}, files_of_this_machine());
  if (!spec) return fail(spec.error());
  if (what == "refusal") {
    const auto possible = refuses(fidelity_of(*spec, *site), spec->lossy);
    if (!possible) std::cout << possible.error().sentence() << '\n';
    return 0;
  }
  if (what == "rows") {
    for (const FidelityRow& row : fidelity_of(*spec, *site))
      std::cout << row.field << '\t' << name_of(row.how) << '\t' << row.says << '\n';
    return 0;
  }
  const ScriptParts parts{words[3], words[4], "tag", alternative_for(*spec, *site), words[5]};
  if (what == "srun") {
    print_words(srun_words(*spec, 0, *site, parts));
    return 0;
  }
  const auto cuts = cut_for_arrays(0, gang_count(*spec), most_elements(*site));
  const auto number = parse_number(words[6]);
  if (!number || *number >= cuts.size()) return 0;
  const ArrayCut& cut = cuts[*number];
  std::cout << sbatch_script(*spec, cut.first, cut.count, *site, parts);
  return 0;
}

}  // namespace

int main(int count, char** given) {
  const std::vector<std::string> words(given + 1, given + count);
  const std::string what = words.empty() ? "" : words[0];
  const std::size_t needed = what == "rows" || what == "refusal" ? 3
                             : what == "script"                  ? 7
                             : what == "srun"                    ? 6
                                                                 : 1;
  if (words.size() != needed) return 2;
  if (what == "squeue") print_words(squeue_words(mark));
  else if (what == "seen") print_seen({std::istreambuf_iterator<char>(std::cin), {}});
  else if (needed > 1) return print_for(words);
  else return 2;
  return 0;
}
