#include "engine/slurm/fidelity.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "engine/slurm/sbatch_script.h"
#include "engine/slurm/site/gpu_types.h"

namespace gangline {
namespace {

using Rows = std::vector<FidelityRow>;

std::string letters_of(std::string_view text) {
  std::string letters;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u)) letters += static_cast<char>(std::tolower(u));
  }
  return letters;
}

// "H100" is part of "nvidia_h100_80gb_hbm3", and "h100" of "NVIDIA H100 80GB HBM3".
bool is_model(const GresType& type, const std::string& model) {
  constexpr std::size_t shortest = 2;
  const std::string asked = letters_of(model), here = letters_of(type.type);
  if (here.size() < shortest || asked.empty()) return false;
  return here.find(asked) != std::string::npos || asked.find(here) != std::string::npos;
}

bool serves(const GresType& type, const DeviceRequest& asked) {
  if (type.name != "gpu") return false;
  if (!asked.model.empty() && !is_model(type, asked.model)) return false;
  const GpuTypeFacts facts = gpu_type_facts(type.type);
  if (!asked.vendor.empty() && facts.vendor != asked.vendor) return false;
  return facts.memory >= asked.memory;
}

bool any_will_do(const DeviceRequest& asked) {
  return asked.model.empty() && asked.vendor.empty() && asked.memory.n == 0;
}

/// Of the types that serve, one of just that name first, then one of which a node has enough.
const GresType* type_for(const DeviceRequest& asked, const SlurmSite& site) {
  const GresType* best = nullptr;
  const auto worth = [&](const GresType& type) {
    return (letters_of(type.type) == letters_of(asked.model) ? 2 : 0) +
           (type.most_on_a_node >= asked.count ? 1 : 0);
  };
  for (const GresType& type : site.gres)
    if (serves(type, asked) && (!best || worth(type) > worth(*best))) best = &type;
  return best;
}

std::string gpus_here(const SlurmSite& site) {
  std::string names;
  bool untyped = false;
  for (const GresType& type : site.gres) {
    if (type.name == "gpu" && !type.type.empty())
      names += (names.empty() ? "" : ", ") + printable(type.type);
    untyped = untyped || type.type.empty();
  }
  if (!names.empty()) return "here are " + names;
  return untyped ? "GPUs have no types here" : "there are no GPUs here";
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + printable(name);
  return text;
}

void add_gpu_count(const JobSpec& spec, const DeviceRequest& asked, const SlurmSite& site,
                   Rows& rows) {
  const std::string gres = gres_for(asked, site);
  std::uint32_t most = 0;
  for (const GresType& type : site.gres)
    if (serves(type, asked)) most = std::max(most, type.most_on_a_node);
  if (asked.share < whole_device)
    rows.push_back({"gpus", Fidelity::impossible, "Slurm gives whole GPUs, no shares"});
  else if (!site.has_gpus())
    rows.push_back({"gpus", Fidelity::impossible, "no node here has GPUs that Slurm knows of"});
  else if (!gres.empty() && most < asked.count)
    rows.push_back({"gpus", Fidelity::impossible,
                    "a task asks for " + std::to_string(asked.count) +
                        ", and no node has more than " + std::to_string(most) +
                        (most == 1 ? " such GPU" : " such GPUs")});
  else if (!site.gpus_per_task && spec.resources.tasks > 1)
    rows.push_back({"gpus", Fidelity::impossible,
                    "this Slurm gives GPUs to nodes, not to each of several tasks"});
  else rows.push_back({"gpus", Fidelity::exact, gpu_option(spec, asked, site)});
}

void add_gpu_kind(const std::string& field, const DeviceRequest& one, const DeviceRequest& all,
                  const std::string& what, const SlurmSite& site, Rows& rows) {
  const std::string gres = gres_for(all, site);
  if (!gres.empty())
    rows.push_back({field, Fidelity::near, what + ": GPUs that this site calls " + gres});
  else if (gres_for(one, site).empty())
    rows.push_back(
        {field, Fidelity::impossible, "no GPU is known to be " + what + "; " + gpus_here(site)});
  else
    rows.push_back({field, Fidelity::impossible,
                    "no GPU is known to be all that is asked; " + gpus_here(site)});
}

void add_devices(const JobSpec& spec, const DeviceRequest& asked, const SlurmSite& site,
                 Rows& rows) {
  if (asked.kind == DeviceKind::fpga) {
    rows.push_back({"device", Fidelity::impossible, "FPGAs are not asked of Slurm"});
    return;
  }
  add_gpu_count(spec, asked, site, rows);
  DeviceRequest one;
  if (asked.memory.n > 0) {
    one.memory = asked.memory;
    add_gpu_kind("gpu_memory", one, asked, format(asked.memory) + " or more", site, rows);
  }
  if (!asked.model.empty()) {
    one = {};
    one.model = asked.model;
    add_gpu_kind("model", one, asked, printable(asked.model), site, rows);
  }
  if (!asked.vendor.empty()) {
    one = {};
    one.vendor = asked.vendor;
    add_gpu_kind("device", one, asked, "of " + asked.vendor, site, rows);
  }
}

void add_cpus_and_memory(const JobSpec& spec, const TaskRequest& task, Rows& rows) {
  const std::uint32_t cpus = std::max(task.cpus.whole(), 1u);
  if (task.cpus != whole_cpus(1)) {
    const bool whole = task.cpus.thousandths % 1000 == 0 && task.cpus.thousandths > 0;
    rows.push_back(
        {"cpus", whole ? Fidelity::exact : Fidelity::near,
         "--cpus-per-task=" + std::to_string(cpus) + (whole ? "" : ": Slurm gives whole CPUs")});
  }
  if (task.memory.n > 0) {
    const bool exact = spec.resources.tasks == 1 && task.memory.n % mebibytes(1).n == 0;
    rows.push_back({"memory", exact ? Fidelity::exact : Fidelity::near,
                    memory_option(spec, task) + (exact ? "" : ", rounded up")});
  }
}

void add_time(const JobSpec& spec, std::uint32_t alternative, const SlurmSite& site, Rows& rows) {
  const SlurmPartition* partition = site.partition_for(spec.queue);
  const auto time = time_limit_of(spec, 0, alternative);
  if (!time) {
    const auto limit = partition ? partition->time_if_not_asked() : std::nullopt;
    if (limit)
      rows.push_back(
          {"time", Fidelity::near,
           "none is asked, so the queue's own holds: " + format(*limit) +
               (site.warns ? ""
                           : "; slurmrestd cannot be asked to warn it as early as its grace")});
    return;
  }
  const auto most = partition ? partition->max_time : std::nullopt;
  if (most && *time > *most) {
    rows.push_back({"time", Fidelity::impossible,
                    "the queue lets jobs run " + format(*most) + " at the most"});
    return;
  }
  const std::int64_t asked = *slurm_minutes(spec, 0, alternative, site);
  const bool later = minutes(asked) >= *time + spec.grace + minutes(1);
  rows.push_back({"time", Fidelity::near,
                  "kept to by Gangline on the node; to Slurm --time=" + std::to_string(asked) +
                      (later ? " (minutes), which comes after it"
                             : " (minutes), the queue's most, which may cut the grace short")});
}

Rows rows_of_task(const JobSpec& spec, std::uint32_t alternative, const SlurmSite& site) {
  Rows rows;
  const TaskRequest task = task_of(spec, 0, alternative);
  if (task.devices) add_devices(spec, *task.devices, site, rows);
  add_cpus_and_memory(spec, task, rows);
  add_time(spec, alternative, site, rows);
  return rows;
}

bool has_impossible(const Rows& rows) {
  return std::any_of(rows.begin(), rows.end(),
                     [](const FidelityRow& r) { return r.how == Fidelity::impossible; });
}

void add_any_of(const JobSpec& spec, std::uint32_t chosen, const SlurmSite& site, Rows& rows) {
  if (spec.resources.alternatives.size() < 2) return;
  if (has_impossible(rows_of_task(spec, chosen, site)))
    rows.push_back({"any_of", Fidelity::impossible, "none of the alternatives can be had here"});
  else
    rows.push_back({"any_of", Fidelity::near,
                    "always " + describe(spec.resources.alternatives[chosen]) +
                        ": Slurm chooses among no alternatives"});
}

void add_queue(const JobSpec& spec, const SlurmSite& site, Rows& rows) {
  const SlurmPartition* partition = site.partition_for(spec.queue);
  const bool usual = spec.queue == "normal";
  if (partition && usual && site.usual == SlurmUsual{}) return;
  std::vector<std::string> names;
  for (const SlurmPartition& other : site.partitions) names.push_back(other.name);
  const std::string here = "; here are " + (names.empty() ? "none" : joined(names));
  std::string options;
  for (const std::string& option : usual_options(site.usual, site.partition_word(spec.queue)))
    options += (options.empty() ? "" : " ") + printable(option);
  if (!partition && usual && !site.usual.partition.empty())
    rows.push_back({"queue", Fidelity::impossible,
                    "no partition is called " + printable(site.usual.partition) +
                        ", which the config file names" + here});
  else if (!partition && usual)
    rows.push_back({"queue", Fidelity::impossible, "no partition is the default one" + here});
  else if (!partition)
    rows.push_back(
        {"queue", Fidelity::impossible, "no partition is called " + printable(spec.queue) + here});
  else
    rows.push_back({"queue", Fidelity::exact,
                    options + (usual ? ", as the config file says" : "") +
                        (partition->up ? "" : "; it is closed now: jobs wait there")});
}

void add_priority(const JobSpec& spec, Rows& rows) {
  if (spec.priority < 0)
    rows.push_back({"priority", Fidelity::near,
                    "--nice=" + std::to_string(-spec.priority) +
                        ": less urgent than Slurm makes it by its own rules"});
  if (spec.priority > 0)
    rows.push_back({"priority", Fidelity::impossible,
                    "Slurm lets no one go first by their own wish; make the others' lower"});
}

void add_order(const JobSpec& spec, Rows& rows) {
  if (spec.retries > 0)
    rows.push_back({"retries", Fidelity::exact, "Gangline sends the gang again"});
  if (spec.retry_on != std::vector<RetryOn>{RetryOn::lost})
    rows.push_back({"retry_on", Fidelity::exact, "Gangline decides it by how the gang ended"});
  if (!spec.after.empty())
    rows.push_back(
        {"after", Fidelity::exact, "--dependency=afterok, with Slurm's numbers of them"});
  rows.push_back({"dir", Fidelity::exact, "the same path on the nodes"});
  if (!spec.env.empty()) rows.push_back({"env", Fidelity::exact, "set on the nodes by Gangline"});
}

void add_many(const JobSpec& spec, const SlurmSite& site, Rows& rows) {
  const std::uint32_t gangs = gang_count(spec);
  const std::size_t arrays = cut_for_arrays(0, gangs, most_elements(site)).size();
  const bool single = most_elements(site) == 0 && gangs > 1;
  const std::string says = single        ? "a job for each gang: arrays are switched off here"
                           : gangs == 1  ? "one job"
                           : arrays == 1 ? "an array of " + std::to_string(gangs)
                                         : std::to_string(arrays) + " arrays of at most " +
                                               std::to_string(most_elements(site));
  const Fidelity how = single ? Fidelity::near : Fidelity::exact;
  if (!spec.sweep.empty()) rows.push_back({"sweep", how, says});
  if (spec.split) rows.push_back({"split", how, says});
  if (spec.gather)
    rows.push_back({"gather", Fidelity::exact, "a job with --dependency=afterok on the others"});
}

void add_manners(const JobSpec& spec, const SlurmSite& site, Rows& rows) {
  if (spec.notify)
    rows.push_back({"notify", Fidelity::exact, "your service tells, once it hears of the end"});
  if (spec.launcher == TeamLauncher::mpi)
    rows.push_back({"launcher", Fidelity::near,
                    "the same variables, and Slurm's PMIx or PMI2 where its srun has one"});
  const JobSpec usual;
  if (spec.grace != usual.grace) {
    const bool kept = spec.grace <= site.kill_wait;
    rows.push_back({"grace", kept ? Fidelity::exact : Fidelity::near,
                    kept ? "kept to by Gangline on the node"
                         : "kept to when Gangline stops a gang; Slurm itself waits " +
                               format(site.kill_wait)});
  }
  if (spec.stop_signal != usual.stop_signal)
    rows.push_back({"stop_signal", Fidelity::exact,
                    "sent by Gangline on the node, also when Slurm ends the job"});
  if (spec.checkpoint)
    rows.push_back({"checkpoint", Fidelity::near,
                    "it gets the signal; whom Slurm stops for others, its own rules say"});
  if (spec.log_limit != usual.log_limit)
    rows.push_back({"log_limit", Fidelity::exact, "kept to by Gangline on the node"});
  if (spec.mps)
    rows.push_back({"mps", Fidelity::impossible, "Gangline runs no MPS on Slurm's nodes"});
}

}  // namespace

const char* name_of(Fidelity how) {
  switch (how) {
    case Fidelity::exact: return "exact";
    case Fidelity::near: return "near";
    case Fidelity::impossible: return "impossible";
    case Fidelity::too_much: return "too much";
  }
  return "";
}

std::uint32_t alternative_for(const JobSpec& spec, const SlurmSite& site) {
  const std::vector<std::uint32_t> liked = liked_in_order(spec.resources);
  for (const std::uint32_t alternative : liked)
    if (!has_impossible(rows_of_task(spec, alternative, site))) return alternative;
  return liked.empty() ? 0 : liked.front();
}

std::vector<FidelityRow> fidelity_of(const JobSpec& spec, const SlurmSite& site) {
  const std::uint32_t chosen = alternative_for(spec, site);
  Rows rows;
  const std::string name = slurm_name_of(spec.name);
  if (name == spec.name) rows.push_back({"name", Fidelity::exact, "--job-name"});
  else rows.push_back({"name", Fidelity::near, "called " + name + " by Slurm"});
  rows.push_back({"command", Fidelity::exact, "run by Gangline on the nodes"});
  if (spec.resources.tasks > 1)
    rows.push_back({"tasks", Fidelity::near,
                    "--ntasks=" + std::to_string(spec.resources.tasks) +
                        ": started together; how close to each other is Slurm's choice"});
  const Rows task = rows_of_task(spec, chosen, site);
  const auto is_time = [](const FidelityRow& row) { return row.field == "time"; };
  const auto time = std::find_if(task.begin(), task.end(), is_time);
  rows.insert(rows.end(), task.begin(), time);
  add_any_of(spec, chosen, site, rows);
  rows.insert(rows.end(), time, task.end());
  add_queue(spec, site, rows);
  add_priority(spec, rows);
  add_order(spec, rows);
  add_many(spec, site, rows);
  add_manners(spec, site, rows);
  return rows;
}

Result<void> refuses(const std::vector<FidelityRow>& rows, bool lossy) {
  std::string what;
  for (const FidelityRow& row : rows)
    if (row.how == Fidelity::impossible)
      what += (what.empty() ? "Slurm cannot do all of this: " : "; ") + row.field + " (" +
              row.says + ")";
  if (lossy || what.empty()) return {};
  return Error{ErrorKind::refused, what, "", "--lossy sends it without that"};
}

std::string gres_for(const DeviceRequest& devices, const SlurmSite& site) {
  if (devices.kind != DeviceKind::gpu || !site.has_gpus()) return {};
  if (any_will_do(devices)) return "gpu";
  const GresType* type = type_for(devices, site);
  if (!type) return {};
  return type->type.empty() ? type->name : type->name + ":" + type->type;
}

}  // namespace gangline
