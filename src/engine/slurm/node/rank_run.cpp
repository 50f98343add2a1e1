#include "engine/slurm/node/rank_run.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>
#include <utility>

#include "base/text.h"
#include "engine/slurm/gpus/uuids.h"
#include "engine/slurm/node/node_fences.h"
#include "launch/start/start.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr Span trim_period = seconds(2);
constexpr std::size_t longest_last_lines = 2 << 10;
constexpr const char* usual_vendor = "nvidia";

Span span_of(const timeval& t) {
  return {static_cast<std::int64_t>(t.tv_sec) * 1'000'000 + t.tv_usec};
}

std::string vendor_of(const TaskRequest& task) {
  return task.devices && !task.devices->vendor.empty() ? task.devices->vendor : usual_vendor;
}

Device device_named(const std::string& name, const std::string& vendor) {
  Device device;
  device.vendor = vendor;
  device.uid = name;
  if (const auto number = parse_number(name); number && *number < most_tasks_in_a_gang)
    device.ordinal = static_cast<std::uint32_t>(*number);
  return device;
}

/// The submitter's environment, with what Slurm says of this job in place of what it said of the
/// one that they may have been in.
Environment with_slurm(const Environment& inherited, const SlurmVariables& here) {
  std::vector<EnvVar> all;
  bool has_place = false;
  for (const EnvVar& var : inherited) {
    if (is_of_slurm(var.first) || var.first == "HOSTNAME") continue;
    has_place = has_place || var.first == "TMPDIR";
    all.push_back(var);
  }
  for (const auto& [name, value] : here)
    if (is_of_slurm(name) || name == "HOSTNAME" || (name == "TMPDIR" && !has_place))
      all.emplace_back(name, value);
  return all;
}

/// The gang as it is spread over the nodes of its step. Devices are known of one task alone.
Allocation spread_as(const RankGiven& place, std::uint32_t alternative, CpuAmount cpus,
                     std::size_t devices) {
  Allocation allocation;
  allocation.alternative = alternative;
  std::uint32_t rank = 0;
  for (std::uint32_t node = 0; node < place.tasks_on_node.size(); ++node) {
    NodePart part{{node}, {}};
    for (std::uint32_t i = 0; i < place.tasks_on_node[node]; ++i) {
      TaskPlace task;
      task.rank = rank++;
      task.counted = cpus;
      if (task.rank == place.rank)
        for (std::uint32_t device = 0; device < devices; ++device)
          task.devices.push_back({device, whole_device});
      part.tasks.push_back(std::move(task));
    }
    allocation.parts.push_back(std::move(part));
  }
  return allocation;
}

std::string numbers_from_zero(std::size_t count, const std::vector<std::uint32_t>& gpus,
                              bool anew) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += (text.empty() ? "" : ",") + std::to_string(anew ? i : gpus[i]);
  return text;
}

/// A program of a task ended with this by wait().
std::string how_it_ended(int status) {
  if (!WIFSIGNALED(status)) return "ended with code " + std::to_string(WEXITSTATUS(status));
  const char* name = ::sigdescr_np(WTERMSIG(status));
  return "was ended by signal " + std::to_string(WTERMSIG(status)) +
         (name != nullptr ? std::string(" (") + name + ")" : "");
}

/// What Slurm named to this process; where it named nothing, the numbers that it gave the job here.
std::vector<std::string> told_devices(const RankPlan& plan, const std::string& vendor) {
  auto visible = visible_devices(plan.variables, vendor);
  if (!visible.empty() || plan.gpus.empty()) return visible;
  const auto fences = slurm_fences(task_asked(plan.order, plan.gang), plan.variables, plan.root);
  const bool anew = fences.back().name == "devices" && fences.back().holds;
  SlurmVariables named;
  named["CUDA_VISIBLE_DEVICES"] = numbers_from_zero(plan.gpus.size(), plan.gpus, anew);
  return visible_devices(named, usual_vendor);
}

/// By UUID, where the driver says which are meant. The runtimes of other vendors count.
std::vector<std::string> named_devices(const RankPlan& plan, const std::string& vendor) {
  const auto told = told_devices(plan, vendor);
  return vendor == usual_vendor ? by_uuid(told, plan.root, plan.probe) : told;
}

}  // namespace

TaskRequest task_asked(const SendingOrder& order, std::uint32_t gang) {
  return task_of(*order.job.spec, gang, order.alternative);
}

std::uint32_t tasks_asked(const SendingOrder& order, std::uint32_t gang) {
  return gang >= gang_count(*order.job.spec) ? 1 : order.job.spec->resources.tasks;
}

RankRun::RankRun(RankPlan plan)
    : plan_(std::move(plan)), files_(plan_.order.state_dir), id_{plan_.order.job.id, plan_.gang} {
  end_.ending.rank = plan_.place.rank;
}

std::string RankRun::who() const {
  return tasks_asked(plan_.order, plan_.gang) > 1 ? "rank " + std::to_string(plan_.place.rank)
                                                  : "it";
}

Result<GangRecipe> RankRun::make() {
  const TaskRequest task = task_asked(plan_.order, plan_.gang);
  const std::string vendor = vendor_of(task);
  Node node;
  node.name = variable_of(plan_.variables, "SLURMD_NODENAME");
  const std::uint32_t each = task.devices ? task.devices->count : 0;
  if (each > 0) {
    const auto named = devices_of_rank(named_devices(plan_, vendor), each, plan_.place.local_rank);
    if (named.empty())
      return Error{ErrorKind::refused,
                   who() + " asked for " + std::to_string(each) +
                       " gpus, and Slurm gave it fewer on " + node.name,
                   "", "is gres/gpu set up on that node?"};
    for (const std::string& name : named) node.devices.push_back(device_named(name, vendor));
  } else {
    // One that it does not have, so that its program is told to see none.
    node.devices.push_back(device_named("none", vendor));
  }

  JobCard card;
  card.job = plan_.order.job;
  card.job.person = nullptr;  // Slurm has made this process theirs
  auto spec = std::make_shared<JobSpec>(*plan_.order.job.spec);
  spec->inherited = with_slurm(spec->inherited, plan_.variables);
  card.job.spec = std::move(spec);
  OrderRecord order;
  order.job = id_.job;
  order.attempt = plan_.order.attempt;
  order.part = plan_.place.node;
  order.allocation = std::make_shared<const Allocation>(
      spread_as(plan_.place, plan_.order.alternative, task.cpus, each));
  auto recipe = make_recipe(card, node, order, plan_.gang, plan_.order.id, plan_.meeting, files_);
  if (!recipe) return recipe;
  std::erase_if(recipe->tasks, [&](const TaskRecipe& one) { return one.rank != plan_.place.rank; });
  if (recipe->tasks.empty())
    return Error{ErrorKind::broken, "Slurm gave " + who() + " another place than it said", "", ""};
  return recipe;
}

void RankRun::start() {
  kills_before_ = kills_for_memory(plan_.root);
  auto recipe = make();
  std::string failure;
  if (recipe) {
    auto nowhere = open_file("/dev/null", O_WRONLY);  // a launcher would have its journal there
    BeganRecord began;
    began.gang = id_;
    began.attempt = plan_.order.attempt;
    began.rank = plan_.place.rank;
    const Started started = start_tasks(*recipe, {began}, nowhere ? nowhere->number() : -1, {});
    failure = started.failure;
    if (!started.began.empty()) pid_ = static_cast<pid_t>(started.began.front().pid);
  } else {
    failure = recipe.error().sentence();
  }
  if (failure.empty()) {
    end_.started = now();
    next_trim_ = since_boot() + trim_period;
    return;
  }
  if (pid_ > 0) {  // it ends by itself, having found no program
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
  }
  end_.at = now();
  end_.ending.cause = EndCause::not_started;
  end_.ending.detail = std::move(failure);
  ended_ = true;
}

void RankRun::signal(int number) const {
  if (pid_ > 0 && !ended_) ::kill(-pid_, number);
}

void RankRun::look() {
  if (ended_ || pid_ <= 0) return;
  // Looked at before it is let go of, so that its group cannot be another's when the rest of it is
  // ended.
  siginfo_t seen{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &seen, WEXITED | WNOHANG | WNOWAIT) == 0 &&
      seen.si_pid == pid_) {
    ::kill(-pid_, SIGKILL);
    int status = 0;
    rusage use{};
    while (::wait4(pid_, &status, 0, &use) < 0 && errno == EINTR) {
    }
    end_.ending.cpu_time = span_of(use.ru_utime) + span_of(use.ru_stime);
    end_.ending.peak_memory = kibibytes(use.ru_maxrss);
    trim();
    note_exit(status);
  } else if (since_boot() >= next_trim_) {
    trim();
    next_trim_ = since_boot() + trim_period;
  }
}

void RankRun::note_exit(int status) {
  ended_ = true;
  end_.at = now();
  Ending& ending = end_.ending;
  if (WIFSIGNALED(status)) ending.signal = WTERMSIG(status);
  else ending.exit_code = WEXITSTATUS(status);
  if (status == 0) return;
  ending.cause = EndCause::failed;
  if (kills_for_memory(plan_.root) > kills_before_) {
    ending.cause = EndCause::out_of_memory;
    ending.detail = who() + " went over its memory limit";
  } else if (WIFSIGNALED(status) || tasks_asked(plan_.order, plan_.gang) > 1) {
    ending.detail = who() + " " + how_it_ended(status);
  }
  for (const bool error_stream : {true, false})
    if (ending.last_lines.empty())
      ending.last_lines = last_lines(
          files_.log(id_, plan_.order.attempt, plan_.place.rank, error_stream), longest_last_lines);
}

void RankRun::trim() {
  for (const bool error_stream : {false, true})
    (void)trim_log(files_.log(id_, plan_.order.attempt, plan_.place.rank, error_stream),
                   plan_.order.job.spec->log_limit);
}

}  // namespace gangline
