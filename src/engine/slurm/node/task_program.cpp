// The program of one task of a step: its program's parent, which hears through srun what the gang's
// program says.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "base/text.h"
#include "engine/slurm/gpus/uuids.h"
#include "engine/slurm/node/gang_meeting.h"
#include "engine/slurm/node/networks.h"
#include "engine/slurm/node/node_signals.h"
#include "engine/slurm/node/programs.h"
#include "engine/slurm/node/rank_run.h"
#include "engine/slurm/node/task_words.h"
#include "launch/second_warning.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr int look_period_ms = 1'000;
constexpr Span kill_period = seconds(1);

int complain(const Error& error) {
  (void)write_all(STDERR_FILENO, "gang: " + error.sentence() + "\n", "stderr");
  return 1;
}

Result<RankPlan> plan_of(const std::vector<std::string>& words, const SendingFiles& files) {
  RankPlan plan;
  auto order = read_order(files);
  if (!order) return order.error();
  plan.order = *std::move(order);
  const auto gang = parse_number(words[2]);
  if (!gang || *gang >= total_gangs(*plan.order.job.spec))
    return Error{ErrorKind::usage, "there is no gang " + words[2], "", ""};
  plan.gang = static_cast<std::uint32_t>(*gang);
  plan.variables = variables_here();
  plan.probe = probe_of_this_program();
  auto place = read_rank(plan.variables);
  if (!place) return place.error();
  plan.place = *std::move(place);
  auto meeting =
      meeting_from(variable_of(plan.variables, meeting_variable), plan.place.tasks_on_node);
  if (!meeting)
    return Error{ErrorKind::broken, std::string("there is no meeting in ") + meeting_variable, "",
                 "this is for Slurm to run, not for people"};
  plan.meeting = *std::move(meeting);
  if (const auto claim = read_claim(files.claim(plan.gang)); claim && *claim)
    for (const NodeGiven& node : (*claim)->nodes)
      if (node.name == plan.place.names[plan.place.node]) plan.gpus = node.gpus;
  return plan;
}

/// The two streams by which the gang's program is reached. The task itself has neither.
class Channel {
 public:
  Channel() : in_(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)) {
    if (auto nothing = open_file("/dev/null", O_RDONLY)) ::dup2(nothing->number(), STDIN_FILENO);
    ::fcntl(in_.number(), F_SETFL, O_NONBLOCK);
  }

  int file() const { return in_.number(); }
  bool closed() const { return !in_.open(); }
  void say(const TaskNews& news) const {
    (void)write_all(STDOUT_FILENO, task_news_line(news), "stdout");
  }
  /// Signals that were asked for since.
  std::vector<int> hear() {
    std::array<char, 512> block{};
    while (in_.open()) {
      const ssize_t n = ::read(in_.number(), block.data(), block.size());
      if (n > 0) lines_.add({block.data(), static_cast<std::size_t>(n)});
      else if (n == 0 || (errno != EAGAIN && errno != EINTR)) in_.reset();
      else if (errno == EAGAIN) break;
    }
    std::vector<int> signals;
    while (const auto line = lines_.next())
      if (const auto number = signal_from(*line)) signals.push_back(*number);
    return signals;
  }

 private:
  Fd in_;
  LineReader lines_;
};

/// In which networks this node is, for the gang's program to choose one.
int tell_networks() {
  const auto node = parse_number(variable_of(variables_here(), "SLURM_NODEID"));
  if (!node) return 1;
  const std::string line = networks_line(static_cast<std::uint32_t>(*node), networks_here());
  return write_all(STDOUT_FILENO, line, "stdout") ? 0 : 1;
}

/// Watches it to its end. Where the gang's program is gone, it is stopped.
void watch(RankRun& run, Channel& channel, NodeSignals& signals, const JobSpec& spec) {
  std::optional<Span> term_at, kill_at;
  while (!run.ended()) {
    std::array<pollfd, 2> files{{{signals.file(), POLLIN, 0}, {channel.file(), POLLIN, 0}}};
    ::poll(files.data(), files.size(), look_period_ms);
    // A SIGTERM here is Slurm's to all processes of the step, of which the task's is one.
    (void)signals.stop_asked();
    for (const int number : channel.hear()) run.signal(number);
    if (channel.closed() && !kill_at) {
      run.signal(spec.stop_signal);
      term_at = second_warning_at(spec, since_boot());
      kill_at = since_boot() + spec.grace;
    }
    if (term_at && since_boot() >= *term_at) {
      run.signal(SIGTERM);
      term_at.reset();
    }
    if (kill_at && since_boot() >= *kill_at) {
      run.signal(SIGKILL);
      kill_at = since_boot() + kill_period;
    }
    run.look();
  }
}

}  // namespace

int run_slurm_task(const std::vector<std::string>& words) {
  if (words.size() == 2 && words[1] == "--networks") return tell_networks();
  if (words.size() != 3) return 2;
  NodeSignals signals;
  Channel channel;
  const SendingFiles files(words[1]);
  auto plan = plan_of(words, files);
  if (!plan) return complain(plan.error());
  const std::uint32_t rank = plan->place.rank, gang = plan->gang;
  const auto spec = plan->order.job.spec;
  RankRun run(*std::move(plan));
  run.start();
  if (!run.ended()) channel.say({rank, run.end(), false});
  watch(run, channel, signals, *spec);
  // On the disk first: what is said may not arrive.
  const auto written = write_end(files.task_end(gang, rank), run.end());
  channel.say({rank, run.end(), true});
  if (!written) complain(written.error());
  return exit_code_of(run.end().ending);
}

}  // namespace gangline
