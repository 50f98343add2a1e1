#include "engine/slurm/site/survey.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "base/text.h"
#include "engine/slurm/site/site.h"
#include "engine/slurm/slurm_calls.h"

namespace gangline {
namespace {

constexpr std::array<std::uint64_t, 2> oldest{21, 8};
constexpr std::size_t most_words = 1'000;

void add_once(std::vector<std::string>& names, std::string_view name) {
  if (name.empty() || names.size() >= most_words) return;
  std::string word = printable(name);
  if (std::find(names.begin(), names.end(), word) == names.end()) names.push_back(std::move(word));
}

/// "ClusterName = gangline": what stands behind the key.
std::string config_value(std::string_view config, std::string_view key) {
  for (const std::string_view line : split(config, '\n')) {
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos && trim(line.substr(0, equals)) == key)
      return printable(trim(line.substr(equals + 1)));
  }
  return {};
}

SurveyedPartition surveyed(const SlurmPartition& partition,
                           const std::map<std::string, const Node*>& nodes) {
  SurveyedPartition found{printable(partition.name), partition.is_default, partition.up, 0, {},
                          partition.max_time};
  std::map<std::string, std::uint64_t> gpus;
  const auto names = expand_slurm_nodes(partition.nodes);
  if (names) found.nodes = names->size();
  if (names)
    for (const std::string& name : *names)
      if (const auto node = nodes.find(name); node != nodes.end())
        for (const Device& device : node->second->devices) ++gpus[device.model];
  for (const auto& [model, count] : gpus) found.gpus.push_back({model, count});
  return found;
}

/// Slurm's programs mostly say nothing of it, and only take long.
Error or_munge(const SlurmCall& call, const Error& error) {
  const auto munge = call({"munge", "-n"});
  if (!munge || munge->code == 0) return error;
  return {ErrorKind::unavailable,
          "munge, by which Slurm knows who we are, does not answer on this host (" +
              printable(trim(munge->error_output)) + ")",
          "munge", "ask the administrator to start munged here"};
}

/// What `scontrol` says, or nothing is known at all.
Result<SlurmSite> ask_site(const SlurmCall& call, SlurmSurvey& survey) {
  std::vector<std::string> said;
  for (const auto& words : {config_words(), partitions_words(), nodes_words()}) {
    auto text = said_by(words.front(), call(words));
    if (!text) return or_munge(call, text.error());
    said.push_back(*std::move(text));
  }
  auto site = read_slurm_site(said[0], said[1], said[2]);
  if (!site) return site.error();
  survey.version = site->version;
  survey.cluster = config_value(said[0], "ClusterName");
  survey.mpi_default = site->mpi_default;
  const std::vector<Node> nodes = read_slurm_nodes(said[2]);
  std::map<std::string, const Node*> by_name;
  for (const Node& node : nodes) by_name[node.name] = &node;
  for (const SlurmPartition& partition : site->partitions)
    survey.partitions.push_back(surveyed(partition, by_name));
  survey.partition = partition_of(survey.partitions);
  return site;
}

bool is_there(const SlurmCall& call, const std::string& program) {
  const auto answer = call({program, "--version"});
  return answer || answer.error().kind != ErrorKind::not_found;
}

void look_for_programs(const SlurmCall& call, std::vector<SiteLack>& lacks) {
  std::string missing;
  for (const char* program : {"sbatch", "srun", "squeue", "scancel"})
    if (!is_there(call, program)) missing += (missing.empty() ? "" : ", ") + std::string(program);
  if (!missing.empty())
    lacks.push_back({"Programs of Slurm's are missing in PATH: " + missing + ". Nothing can run.",
                     "ask for a login node that has them, or which module to load"});
}

void ask_accounts(const SurveyAsked& asked, const SlurmCall& call, const SlurmSite& site,
                  SlurmSurvey& survey) {
  if (!site.accounting) {
    survey.lacks.push_back(
        {"This Slurm keeps no accounts of its jobs: there is no `gang simulate --from slurm`, and "
         "how a job ended that left no note is not known.",
         "ask the administrator for slurmdbd (AccountingStorageType)"});
    return;
  }
  const auto rows =
      said_by("sacctmgr", call({"sacctmgr", "-n", "-P", "show", "assoc", "user=" + asked.user,
                                "format=Account,DefaultQOS,QOS"}));
  if (!rows) {
    survey.lacks.push_back({"The accounts of this Slurm do not answer: " + rows.error().what,
                            "ask the administrator to look at slurmdbd"});
    return;
  }
  const Associations known = read_associations(*rows);
  survey.accounts = known.accounts;
  survey.qoses = known.qoses;
  survey.qos = known.qos;
  const auto user =
      said_by("sacctmgr",
              call({"sacctmgr", "-n", "-P", "show", "user", asked.user, "format=DefaultAccount"}));
  if (user) survey.account = printable(trim(user->substr(0, user->find('\n'))));
  if (!is_there(call, "sacct"))
    survey.lacks.push_back({"There is no program sacct in PATH, which tells how jobs ended.",
                            "ask for a login node that has it"});
}

void look_at_gpus(const SlurmSite& site, std::vector<SiteLack>& lacks) {
  if (!site.has_gpus())
    lacks.push_back({"No node has GPUs that Slurm knows of: jobs that ask for some are refused.",
                     "if there are any, ask the administrator for GresTypes=gpu, Gres= of the "
                     "nodes, and gres.conf"});
  else if (std::all_of(site.gres.begin(), site.gres.end(),
                       [](const GresType& type) { return type.type.empty(); }))
    lacks.push_back(
        {"GPUs have no types here: jobs that ask for a model or gpu_memory are refused.",
         "ask the administrator for Type= in gres.conf"});
  if (!site.gpus_per_task)
    lacks.push_back(
        {"This Slurm gives GPUs to nodes, not to tasks: gangs of several tasks with "
         "GPUs are refused.",
         "ask the administrator for SelectType=select/cons_tres"});
  if (site.max_array_size < 2)
    lacks.push_back({"There are no arrays here: a sweep is a job for each gang.",
                     "ask the administrator for MaxArraySize"});
}

/// A job that is not sent: whether it would be taken.
void try_a_job(const SlurmCall& call, SlurmSurvey& survey, const std::string& user) {
  std::vector<std::string> words{"sbatch", "--test-only", "--ntasks=1", "--time=1",
                                 "--output=/dev/null"};
  if (!survey.partition.empty()) words.push_back("--partition=" + survey.partition);
  words.emplace_back("--wrap=true");
  const auto answer = call(words);
  if (answer && answer->code == 0) return;
  if (!answer && answer.error().kind == ErrorKind::not_found) return;  // told already
  const auto said = said_by("sbatch", answer);
  const bool no_account = said.error().what.find("Invalid account") != std::string::npos;
  std::string ask = said.error().hint;
  if (no_account && survey.accounts.empty())
    ask =
        "ask the administrator to add you to an account: sacctmgr add user " + user + " account=…";
  if (ask.empty()) ask = "ask the administrator what a job of yours must say";
  survey.lacks.push_back({"Slurm would not take a job of yours: " + said.error().what, ask});
}

/// One task on one node that looks for the state directory. What is seen there counts for all.
void try_disk(const SlurmCall& call, SlurmSurvey& survey) {
  std::vector<std::string> words{"srun",      "--immediate=10", "--ntasks=1", "--time=1",
                                 "--chdir=/", "--input=none",   "--quiet",    "--mpi=none"};
  if (!survey.partition.empty()) words.push_back("--partition=" + survey.partition);
  for (const char* word :
       {"sh", "-c", "test -d \"$1\" && echo yes $SLURMD_NODENAME || echo no $SLURMD_NODENAME",
        "sh"})
    words.emplace_back(word);
  words.push_back(survey.state);
  const auto said = said_by("srun", call(words));
  const auto answer = said ? split(trim(*said), ' ') : std::vector<std::string_view>();
  if (answer.size() == 2 && (answer[0] == "yes" || answer[0] == "no")) {
    survey.shared = answer[0] == "yes" ? SharedDisk::yes : SharedDisk::no;
    survey.tried_on = printable(answer[1]);
    return;
  }
  survey.lacks.push_back({"Whether a node sees the state directory could not be tried: " +
                              (said ? "srun said " + printable(*said) : said.error().what),
                          "try again when a node is free"});
}

void look_at_disk(const SurveyAsked& asked, const SlurmCall& call, SlurmSurvey& survey) {
  survey.state = asked.state;
  survey.disk = asked.disk;
  survey.shared = is_shared_disk(asked.disk);
  if (asked.tries) try_disk(call, survey);
  if (survey.shared != SharedDisk::no) return;
  const std::string what =
      survey.tried_on.empty()
          ? "The state directory is on a disk of kind " + printable(asked.disk) +
                ", which nodes do not see unless this host serves it to them; --try finds out."
          : "Node " + survey.tried_on + " does not see the state directory: no gang would start.";
  survey.lacks.push_back(
      {what,
       "say state = \"…\" in [on.slurm], a directory that all nodes see at the same path; ask "
       "the administrator for one if there is none"});
}

}  // namespace

bool is_new_enough(std::string_view version) {
  const auto parts = split(version, '.');
  if (parts.size() < 2) return false;
  const auto year = parse_number(parts[0]), month = parse_number(parts[1]);
  if (!year || !month) return false;
  return std::array{*year, *month} >= oldest;
}

std::vector<std::string> read_mpi_types(std::string_view text) {
  std::vector<std::string> types;
  bool begun = false;
  for (std::string_view line : split(text, '\n')) {
    // Before 22.05 each line was "srun: pmix".
    if (line.starts_with("srun: ")) line.remove_prefix(6);
    line = trim(line);
    if (line.starts_with("MPI plugin types are") || line.starts_with("MPI types are")) {
      begun = true;
      continue;
    }
    // "specific pmix plugin versions available: pmix_v4"
    if (begun && line.find(' ') == std::string_view::npos) add_once(types, line);
  }
  return types;
}

Associations read_associations(std::string_view text) {
  Associations found;
  for (const std::string_view line : split(text, '\n')) {
    const auto columns = split(line, '|');
    if (columns.size() < 3) continue;
    add_once(found.accounts, trim(columns[0]));
    if (found.qos.empty()) found.qos = printable(trim(columns[1]));
    for (const std::string_view qos : split(columns[2], ',')) add_once(found.qoses, trim(qos));
  }
  return found;
}

SharedDisk is_shared_disk(std::string_view kind) {
  static constexpr std::string_view shared[] = {
      "nfs",    "lustre", "gpfs",      "beegfs",         "ceph", "fuse.ceph",
      "afs",    "cifs",   "smb",       "ocfs2",          "gfs2", "panfs",
      "wekafs", "9p",     "glusterfs", "fuse.glusterfs", "pvfs", "orangefs"};
  static constexpr std::string_view own[] = {"ext", "xfs",     "btrfs", "tmpfs",
                                             "zfs", "overlay", "ramfs", "f2fs"};
  const auto is = [&](std::string_view one) { return kind.starts_with(one); };
  if (std::any_of(std::begin(shared), std::end(shared), is)) return SharedDisk::yes;
  if (std::any_of(std::begin(own), std::end(own), is)) return SharedDisk::no;
  return SharedDisk::unknown;
}

std::string partition_of(const std::vector<SurveyedPartition>& partitions) {
  const SurveyedPartition* best = nullptr;
  const auto rank = [](const SurveyedPartition& one) {
    return one.is_default ? 3 : !one.up ? 0 : one.gpus.empty() ? 1 : 2;
  };
  for (const SurveyedPartition& one : partitions)
    if (best == nullptr || rank(one) > rank(*best)) best = &one;
  return best == nullptr ? "" : best->name;
}

Result<SlurmSurvey> survey_slurm(const SurveyAsked& asked, const SlurmCall& call) {
  SlurmSurvey survey;
  const auto site = ask_site(call, survey);
  if (!site) return site.error();
  if (!is_new_enough(survey.version))
    return Error{ErrorKind::refused, "this is Slurm " + survey.version + ", which is too old",
                 "scontrol show config", "Gangline needs 21.08 or newer; ask its administrator"};
  look_for_programs(call, survey.lacks);
  ask_accounts(asked, call, *site, survey);
  look_at_gpus(*site, survey.lacks);
  if (survey.partitions.empty())
    survey.lacks.push_back({"You see no partition here.", "ask the administrator for one"});
  else try_a_job(call, survey, asked.user);
  if (const auto types = call({"srun", "--mpi=list"}))
    survey.mpi = read_mpi_types(types->error_output + "\n" + types->output);
  look_at_disk(asked, call, survey);
  return survey;
}

}  // namespace gangline
