// The gang's program, on the first node of its job: from what was sent to how it ended.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <memory>

#include "base/text.h"
#include "engine/slurm/awaited.h"
#include "engine/slurm/gpus/uuids.h"
#include "engine/slurm/node/gang_end.h"
#include "engine/slurm/node/gang_meeting.h"
#include "engine/slurm/node/node_fences.h"
#include "engine/slurm/node/node_lists.h"
#include "engine/slurm/node/node_signals.h"
#include "engine/slurm/node/programs.h"
#include "engine/slurm/node/sign_of_life.h"
#include "engine/slurm/node/step_team.h"
#include "launch/job_files.h"
#include "launch/second_warning.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr Span look_period = seconds(1);
constexpr Span kill_period = seconds(1);
constexpr Span least_standstill = seconds(2);  // more than between two looks
constexpr Span longest_dying = seconds(20);    // after the first SIGKILL
constexpr Span reason_comes_within = seconds(1);
constexpr Span scontrol_patience = seconds(10);
constexpr std::size_t longest_last_lines = 2 << 10;
constexpr int most_writes_of_end = 5;
constexpr Span ends_are_seen_within = seconds(10);
constexpr unsigned between_looks_for_ends_us = 250'000;

int complain(const Error& error) {
  (void)write_all(STDERR_FILENO, "gang: " + error.sentence() + "\n", "stderr");
  return 1;
}

struct GangHere {
  SendingFiles files;
  SendingOrder order;
  std::uint32_t gang = 0;
  SlurmVariables variables;
  SlurmGiven given;
  TaskRequest task;
  std::uint32_t tasks = 1;

  bool mpi() const { return order.job.spec->launcher == TeamLauncher::mpi; }
  std::string of_gang(const char* what) const {
    return files.directory() + "/" + std::to_string(gang) + "." + what;
  }
};

/// GANG of the command line, else the element of the array, else the only one that was sent.
Result<std::uint32_t> which_gang(const std::vector<std::string>& words, const GangHere& here) {
  std::uint32_t gang = here.order.first + array_index(here.variables).value_or(0);
  if (words.size() > 2) {
    const auto said = parse_number(words[2]);
    if (!said || *said >= total_gangs(*here.order.job.spec))
      return Error{ErrorKind::usage, "there is no gang " + words[2], "", ""};
    gang = static_cast<std::uint32_t>(*said);
  }
  if (gang < here.order.first || gang - here.order.first >= here.order.count)
    return Error{ErrorKind::refused, "gang " + std::to_string(gang) + " was not sent with this",
                 here.files.directory(), ""};
  return gang;
}

/// Of other nodes only slurmctld knows which GPUs were given. Not to know them is no reason not to
/// run: their tasks are told there.
void ask_for_gpus(GangHere& here) {
  if (!here.task.devices || here.given.nodes.size() < 2) return;
  std::vector<std::string> environment;
  for (const auto& [name, value] : here.variables) environment.push_back(name + "=" + value);
  const auto said = ask_program({"scontrol", "show", "job", "-d", "-o", here.given.job_id},
                                environment, scontrol_patience);
  if (!said) return;
  const auto found = gpus_by_node(*said);
  for (NodeGiven& node : here.given.nodes)
    if (const auto gpus = found.find(node.name); gpus != found.end()) node.gpus = gpus->second;
}

Result<GangHere> look_around(const std::vector<std::string>& words) {
  GangHere here{SendingFiles(words[1]), {}, 0, variables_here(), {}, {}, 1};
  auto order = read_order(here.files);
  if (!order && order.error().kind == ErrorKind::not_found)
    return Error{
        ErrorKind::not_found,
        "node " + variable_of(here.variables, "SLURMD_NODENAME") + " does not see it",
        here.files.directory(),
        "jobs and logs lie on a disk that all nodes see; name a directory on one: state in "
        "[on.slurm] of the config file, or GANGLINE_STATE"};
  if (!order) return order.error();
  here.order = *std::move(order);
  const auto gang = which_gang(words, here);
  if (!gang) return gang.error();
  here.gang = *gang;
  here.task = task_asked(here.order, here.gang);
  here.tasks = tasks_asked(here.order, here.gang);
  auto given = read_given(here.variables, here.tasks);
  if (!given) return given.error();
  here.given = *std::move(given);
  ask_for_gpus(here);
  return here;
}

Claim claim_of(const GangHere& here) {
  Claim claim;
  claim.slurm_job = here.given.job;
  claim.restarts = here.given.restarts;
  claim.at = now();
  claim.nodes = here.given.nodes;
  claim.fences = slurm_fences(here.task, here.variables, "/");
  return claim;
}

std::unique_ptr<Team> make_team_here(const GangHere& here) {
  RankPlan plan;
  plan.order = here.order;
  plan.gang = here.gang;
  plan.meeting = make_meeting(here.given.nodes, {}, "");
  plan.variables = here.variables;
  plan.place.names = {here.given.node};
  plan.place.tasks_on_node = {1};
  plan.gpus = here.given.nodes.front().gpus;
  plan.probe = probe_of_this_program();
  return std::make_unique<TeamHere>(std::move(plan));
}

std::unique_ptr<Team> make_step_team(const GangHere& here) {
  StepPlan plan;
  std::error_code unknown;
  plan.program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  plan.directory = here.files.directory();
  plan.gang = here.gang;
  plan.given = here.given;
  plan.task = here.task;
  plan.tasks = here.tasks;
  plan.mpi = here.mpi();
  plan.variables = here.variables;
  const Meeting meeting = make_meeting(here.given.nodes, ask_for_fast_addresses(plan),
                                       here.mpi() ? here.of_gang("hosts") : std::string());
  plan.meeting = meeting_text(meeting, here.given.nodes);
  return std::make_unique<StepTeam>(std::move(plan));
}

/// Watches a team to its end.
class GangWatch {
 public:
  GangWatch(const GangHere& here, Team& team, NodeSignals& signals, SignOfLife& sign, Span claimed)
      : here_(here), team_(team), signals_(signals), sign_(sign), awake_(claimed) {
    limit_ = time_limit_of(*here.order.job.spec, here.gang, here.order.alternative);
    if (limit_) deadline_ = claimed + *limit_;
  }

  std::optional<GangStop> watch() {
    while (!team_.over()) {
      // From before signals are read: should it stand still after that, nothing is up by this, and
      // the next look hears that it goes on.
      Span boot = since_boot();
      const bool stop_asked = signals_.stop_asked();
      if (signals_.goes_on()) boot = leave_out_standstill();
      awake_ = boot;
      team_.look();
      if (stop_asked) stop({EndCause::stopped, ""});
      if (!team_.ends().lost_node.empty()) stop({EndCause::lost, ""});
      if (team_.ends().failed) stop({EndCause::failed, ""});
      if (sign_.given_up()) {
        stop({EndCause::lost, "it was given up"});
        if (!first_kill_) kill_at_ = boot;  // another one may run in its place
      }
      if (limit_ && boot >= deadline_)
        stop({EndCause::time_limit, "its time of " + format(*limit_) + " was up"});
      if (kill_at_ && boot >= *kill_at_) kill(boot);
      else if (term_at_ && boot >= *term_at_) warn_again();
      if (!team_.over()) wait();
    }
    return is_for_lost_node()
               ? GangStop{EndCause::lost, "node " + team_.ends().lost_node + " failed"}
               : stop_;
  }

 private:
  /// Slurm ends a job of which a node has failed: that comes as a SIGTERM, and to the other tasks
  /// as well, at about the time at which it says why.
  bool is_for_lost_node() const {
    const TeamEnds& ends = team_.ends();
    if (ends.lost_node.empty() || (stop_ && stop_->cause == EndCause::time_limit)) return false;
    return !stop_ || ends.lost_node_at <= stopped_at_ + reason_comes_within;
  }

  /// Slurm does not count the time in which it has suspended a job, so neither do we. Returns now.
  Span leave_out_standstill() {
    const Span boot = since_boot(), stood = boot - awake_;
    if (stood < least_standstill) return boot;
    deadline_ = deadline_ + stood;
    if (term_at_) term_at_ = *term_at_ + stood;
    if (kill_at_) kill_at_ = *kill_at_ + stood;
    if (first_kill_) first_kill_ = *first_kill_ + stood;
    return boot;
  }

  /// The first reason counts.
  void stop(GangStop why) {
    if (stop_) return;
    stop_ = std::move(why);
    stopped_at_ = since_boot();
    const JobSpec& spec = *here_.order.job.spec;
    team_.signal(spec.stop_signal);
    term_at_ = second_warning_at(spec, stopped_at_);
    kill_at_ = stopped_at_ + spec.grace;
  }

  void warn_again() {
    team_.signal(SIGTERM);
    term_at_.reset();
  }

  void kill(Span boot) {
    term_at_.reset();
    if (!first_kill_) first_kill_ = boot;
    if (boot - *first_kill_ > longest_dying) {
      team_.give_up();
      return;
    }
    team_.signal(SIGKILL);
    kill_at_ = boot + kill_period;
  }

  void wait() const {
    Span until = since_boot() + look_period;
    if (limit_ && !stop_) until = std::min(until, deadline_);
    for (const auto& at : {term_at_, kill_at_})
      if (at) until = std::min(until, *at);
    std::vector<pollfd> files{{signals_.file(), POLLIN, 0}};
    for (const int file : team_.files()) files.push_back({file, POLLIN, 0});
    const Span left = until - since_boot();
    ::poll(files.data(), files.size(),
           static_cast<int>(std::max<std::int64_t>(left.us, 0) / 1000 + 1));
  }

  const GangHere& here_;
  Team& team_;
  NodeSignals& signals_;
  SignOfLife& sign_;
  std::optional<Span> limit_;
  Span deadline_{0};
  Span awake_;  ///< when it last looked
  std::optional<GangStop> stop_;
  Span stopped_at_{0};
  std::optional<Span> term_at_, kill_at_, first_kill_;
};

void add_last_lines(const GangHere& here, Ending& ending) {
  if (ending.cause == EndCause::done || ending.cause == EndCause::not_started) return;
  const JobFiles files(here.order.state_dir);
  for (const bool error_stream : {true, false})
    if (ending.last_lines.empty())
      ending.last_lines = last_lines(files.log({here.order.job.id, here.gang}, here.order.attempt,
                                               ending.rank.value_or(0), error_stream),
                                     longest_last_lines);
}

/// What has ended elsewhere may be seen some time later here. Returns what has not ended well.
std::string await_others(const GangHere& here, NodeSignals& signals) {
  std::string why;
  const Span until = since_boot() + ends_are_seen_within;
  for (;;) {
    why = not_ended_well(here.files, here.order.state_dir);
    if (why.empty() || since_boot() >= until || signals.stop_asked()) return why;
    ::usleep(between_looks_for_ends_us);
  }
}

/// What is not written down is lost to the service, which then goes by what Slurm says.
int write_down(const GangHere& here, const EndNote& end) {
  Result<void> written;
  for (int i = 0; i < most_writes_of_end; ++i) {
    written = write_end(here.files.end(here.gang), end);
    if (written) return exit_code_of(end.ending);
    ::sleep(1);
  }
  complain(written.error());
  return exit_code_of(end.ending);
}

}  // namespace

int run_slurm_gang(const std::vector<std::string>& words) {
  if (words.size() != 2 && words.size() != 3) return 2;
  NodeSignals signals;
  if (auto nothing = open_file("/dev/null", O_RDONLY)) ::dup2(nothing->number(), STDIN_FILENO);
  // 1. What is to run, and what Slurm gave for it.
  const auto here = look_around(words);
  if (!here) return complain(here.error());
  // 2. Only one may run it, and only after what it comes after.
  if (const std::string why = await_others(*here, signals); !why.empty())
    return complain({ErrorKind::refused, "Slurm started this too early: " + why, "", ""});
  const Claim claim = claim_of(*here);
  const auto ours = make_claim(here->files.claim(here->gang), claim);
  if (!ours) return complain(ours.error());
  if (!*ours) return 0;
  const Span claimed = since_boot();
  // 3. Run it, unless nobody wants it any more.
  if (signals.stop_asked()) {
    EndNote end;
    end.at = now();
    end.ending.cause = EndCause::stopped;
    return write_down(*here, end);
  }
  SignOfLife sign(here->files.sign(here->gang));
  const auto team =
      here->tasks == 1 && !here->mpi() ? make_team_here(*here) : make_step_team(*here);
  team->start();
  const auto stop = GangWatch(*here, *team, signals, sign, claimed).watch();
  // 4. Say how it ended.
  EndNote end = end_of_gang(team->ends(), stop, now());
  add_last_lines(*here, end.ending);
  return write_down(*here, end);
}

}  // namespace gangline
