#include "engine/slurm/node/step_team.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/text.h"
#include "engine/slurm/node/gang_meeting.h"
#include "engine/slurm/node/networks.h"
#include "engine/slurm/node/node_lists.h"
#include "os/clock.h"

namespace gangline {
namespace {

constexpr std::size_t most_complaints = 1 << 10;
constexpr Span news_come_within = seconds(3);  // after srun has told of the end of a task
constexpr Span srun_ends_within = seconds(5);  // after the last task
constexpr Span list_patience = seconds(10);
constexpr Span networks_patience = seconds(10);

/// What would say to srun otherwise than its command line, or may not stand beside it.
constexpr std::array said_on_command_line{
    "SLURM_GPUS_PER_TASK",   "SLURM_TRES_PER_TASK", "SLURM_NTASKS_PER_GPU", "SLURM_CPUS_PER_TASK",
    "SLURM_GPU_BIND",        "SLURM_DISTRIBUTION",  "SLURM_MPI_TYPE",       "SLURM_EXPORT_ENV",
    "SLURM_NTASKS_PER_NODE", "SLURM_HINT",          "SLURM_EXACT",          "SLURM_OVERLAP"};

std::vector<std::string> environment_for(const StepPlan& plan) {
  std::vector<std::string> all;
  for (const auto& [name, value] : plan.variables)
    if (std::find(said_on_command_line.begin(), said_on_command_line.end(), name) ==
        said_on_command_line.end())
      all.push_back(name + "=" + value);
  all.push_back(std::string(meeting_variable) + "=" + plan.meeting);
  return all;
}

bool even(const std::vector<NodeGiven>& nodes) {
  return std::all_of(nodes.begin(), nodes.end(),
                     [&](const NodeGiven& node) { return node.tasks == nodes.front().tasks; });
}

/// What there is to read now; false: the other end is closed.
bool read_some(Fd& file, LineReader& lines) {
  std::array<char, 4096> block{};
  while (file.open()) {
    const ssize_t n = ::read(file.number(), block.data(), block.size());
    if (n > 0) {
      lines.add({block.data(), static_cast<std::size_t>(n)});
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      file.reset();
    } else if (errno == EAGAIN) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::vector<std::string> step_words(const StepPlan& plan, const std::string& mpi) {
  const auto& nodes = plan.given.nodes;
  std::vector<std::string> words{"srun", "--ntasks=" + std::to_string(plan.tasks),
                                 "--nodes=" + std::to_string(nodes.size())};
  if (even(nodes)) words.push_back("--ntasks-per-node=" + std::to_string(nodes.front().tasks));
  // In a row, so that ranks ascend over the nodes. srun does not take the job's CPUs for each task.
  words.insert(words.end(),
               {"--distribution=block",
                "--cpus-per-task=" + std::to_string(std::max(plan.task.cpus.whole(), 1u))});
  // Each task is then told its own GPUs, and its control group closes the others.
  if (plan.task.devices)
    words.push_back("--gpus-per-task=" + std::to_string(plan.task.devices->count));
  if (plan.given.in_step) words.emplace_back("--overlap");
  // How the others end when one has failed is our business.
  words.insert(words.end(),
               {"--kill-on-bad-exit=0", "--wait=0", "--input=all", "--export=ALL", "--mpi=" + mpi,
                plan.program, "internal-slurm-task", plan.directory, std::to_string(plan.gang)});
  return words;
}

std::vector<std::string> known_mpi(std::string_view listed) {
  std::vector<std::string> known;
  for (const char* plugin : {"pmix", "pmi2"})
    for (const std::string_view line : split(listed, '\n')) {
      const std::string_view text = trim(line);
      // 21.08 says "srun: pmix", later ones the word alone.
      if (text.substr(text.rfind(' ') + 1) != plugin || text.find("available") != text.npos)
        continue;
      known.emplace_back(plugin);
      break;
    }
  known.emplace_back("none");
  return known;
}

std::vector<std::uint32_t> ranks_in_complaint(std::string_view line) {
  std::size_t at = line.find(": task");
  if (at == std::string_view::npos) return {};
  at += 6;
  if (at < line.size() && line[at] == 's') ++at;
  if (at >= line.size() || line[at] != ' ') return {};
  const std::string_view rest = line.substr(at + 1);
  const std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos) return {};
  return expand_numbers(rest.substr(0, colon)).value_or(std::vector<std::uint32_t>());
}

std::string node_in_complaint(std::string_view line) {
  constexpr std::string_view words = "Node failure on ";
  const std::size_t at = line.find(words);
  return at == std::string_view::npos ? "" : std::string(trim(line.substr(at + words.size())));
}

std::vector<std::string> ask_for_fast_addresses(const StepPlan& plan) {
  const auto nodes = static_cast<std::uint32_t>(plan.given.nodes.size());
  if (nodes < 2) return {};
  const auto wanted = faster_than(address_here(plan.given.node), networks_here());
  if (wanted.empty()) return {};
  // Beside the step to come, not before it.
  const std::string count = std::to_string(nodes);
  const auto said = ask_program({"srun", "--ntasks=" + count, "--nodes=" + count,
                                 "--ntasks-per-node=1", "--overlap", "--input=none", "--mpi=none",
                                 "--export=ALL", plan.program, "internal-slurm-task", "--networks"},
                                environment_for(plan), networks_patience);
  if (!said) return {};
  std::map<std::uint32_t, std::vector<NodeNetwork>> of_nodes;
  for (const std::string_view line : split(*said, '\n'))
    if (auto networks = networks_from(line)) of_nodes.insert(*std::move(networks));
  return addresses_in_shared(wanted, of_nodes, nodes);
}

StepTeam::StepTeam(StepPlan plan) : plan_(std::move(plan)), ends_(plan_.tasks) {}

void StepTeam::start() {
  if (plan_.mpi) {
    const auto listed = ask_program({"sh", "-c", "exec srun --mpi=list 2>&1"},
                                    environment_for(plan_), list_patience);
    if (listed) mpi_ = known_mpi(*listed);
  }
  spawn();
}

void StepTeam::spawn() {
  auto spawned = spawn_program(step_words(plan_, mpi_.front()), environment_for(plan_));
  if (!spawned) {
    complaints_ = spawned.error().sentence();
    lose_all();
    return;
  }
  srun_ = *std::move(spawned);
  for (const Fd* file : {&srun_.output, &srun_.errors, &srun_.input})
    ::fcntl(file->number(), F_SETFL, O_NONBLOCK);
}

/// Where srun cannot load a plugin, it says so and starts nothing.
bool StepTeam::tries_other_mpi() {
  if (mpi_.size() < 2 || ends_.started.us != 0 || complaints_.find("MPI") == std::string::npos)
    return false;
  mpi_.erase(mpi_.begin());
  complaints_.clear();
  spawn();
  return true;
}

void StepTeam::signal(int number) {
  if (!srun_.input.open()) return;
  const std::string line = signal_line(number);
  if (::write(srun_.input.number(), line.data(), line.size()) < 0 && errno == EPIPE)
    srun_.input.reset();
}

std::vector<int> StepTeam::files() const {
  std::vector<int> files;
  for (const Fd* file : {&srun_.output, &srun_.errors})
    if (file->open()) files.push_back(file->number());
  return files;
}

void StepTeam::read() {
  read_some(srun_.output, said_);
  read_some(srun_.errors, complained_);
  while (const auto line = said_.next()) hear(*line);
  while (const auto line = complained_.next()) hear_complaint(*line);
}

void StepTeam::look() {
  if (over_) return;
  read();
  lose_silent_ranks();
  look_at_srun();
}

void StepTeam::hear(const std::string& line) {
  const auto news = task_news_from(line);
  if (!news || news->rank >= ends_.end.size()) return;
  if (news->ended) {
    ends_.note(news->rank, news->note);
  } else if (ends_.started.us == 0 || news->note.started < ends_.started) {
    ends_.started = news->note.started;
  }
}

void StepTeam::hear_complaint(const std::string& line) {
  (void)!::write(STDERR_FILENO, (line + "\n").data(), line.size() + 1);  // for Slurm's own log
  complaints_ += (complaints_.empty() ? "" : "\n") + line;
  if (complaints_.size() > most_complaints)
    complaints_.erase(0, complaints_.size() - most_complaints);
  if (ends_.lost_node.empty()) {
    ends_.lost_node = node_in_complaint(line);
    ends_.lost_node_at = since_boot();
  }
  for (const std::uint32_t rank : ranks_in_complaint(line))
    if (rank < ends_.end.size() && !ends_.end[rank]) silent_.emplace(rank, since_boot());
}

/// What a task program says of its end and what srun says of it come on two ways.
void StepTeam::lose_silent_ranks() {
  for (const auto& [rank, since] : silent_)
    if (since_boot() - since > news_come_within) lose(rank);
}

void StepTeam::lose(std::uint32_t rank) {
  if (ends_.end[rank]) return;
  ends_.trouble = complaints_;
  EndNote note;
  note.started = ends_.started;
  note.at = now();
  note.ending.cause = EndCause::lost;
  note.ending.rank = rank;
  ends_.note(rank, note);
}

void StepTeam::lose_all() {
  for (std::uint32_t rank = 0; rank < ends_.end.size(); ++rank) lose(rank);
  over_ = true;
}

bool StepTeam::all_ended() const {
  return std::all_of(ends_.end.begin(), ends_.end.end(),
                     [](const auto& end) { return end.has_value(); });
}

void StepTeam::look_at_srun() {
  int status = 0;
  if (srun_.pid > 0 && ::waitpid(srun_.pid, &status, WNOHANG) == srun_.pid) srun_.pid = 0;
  if (srun_.pid == 0) {
    read();  // what it had passed on and was still on its way through the pipe
    if (!tries_other_mpi()) lose_all();
    return;
  }
  if (!all_ended()) return;
  if (all_ended_at_.us == 0) all_ended_at_ = since_boot();
  srun_.input.reset();
  if (since_boot() - all_ended_at_ > srun_ends_within) give_up();
}

void StepTeam::give_up() {
  if (srun_.pid > 0) {
    ::kill(srun_.pid, SIGKILL);
    while (::waitpid(srun_.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    srun_.pid = 0;
  }
  over_ = true;
}

}  // namespace gangline
