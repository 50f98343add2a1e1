// What becomes of gangs that Slurm says are over, or of which it knows nothing any more, while how
// they ended is not written down.
#include <pwd.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "engine/slurm/sbatch_script.h"
#include "engine/slurm/slurm_engine.h"
#include "launch/job_files.h"
#include "os/clock.h"

namespace gangline {
namespace {

/// How long there must be no end, and no sign of life, until a gang that had begun is lost.
struct Patience {
  Span gone, silent;
};
constexpr Span some_signs = seconds(7);  // three of them, and a look
// Slurm waits itself until it hears nothing of a node.
constexpr Patience node_failed{Span{0}, some_signs};
// All its processes are dead, then, on nodes that answer.
constexpr Patience was_ended{seconds(3), seconds(3)};
// Its program ended by itself and wrote nothing, or saw that another one runs it.
constexpr Patience ended_itself{some_signs, some_signs};
constexpr Patience is_unknown{seconds(30), seconds(30)};
// A job is not always known at once, nor each time that one asks.
constexpr Span is_known_within = seconds(10);
constexpr Span accounts_come_within = seconds(10);
constexpr Span accounts_answer_within = seconds(60);
constexpr Span between_accounts = seconds(5);
constexpr std::uint32_t most_times_forgotten = 3;
constexpr std::size_t most_last_lines = 1'000;
constexpr std::size_t most_jobs_in_a_call = 500;

bool is_of_node(SlurmState state) {
  return state == SlurmState::node_fail || state == SlurmState::boot_fail;
}

/// Ended by Slurm or by somebody through it, not by itself.
bool was_killed(SlurmState state) {
  return is_over(state) && state != SlurmState::completed && state != SlurmState::failed;
}

Patience patience_for(const SlurmJobSeen* line) {
  if (line == nullptr) return is_unknown;
  if (is_of_node(line->state)) return node_failed;
  return was_killed(line->state) ? was_ended : ended_itself;
}

std::string nodes_text(const SlurmJobSeen& line) {
  return line.nodes.empty() ? "its node" : "node " + printable(line.nodes);
}

std::string person_named(std::uint32_t uid) {
  const passwd* user = ::getpwuid(uid);  // NOLINT(concurrency-mt-unsafe): one thread
  return user != nullptr ? printable(user->pw_name) : "user " + std::to_string(uid);
}

Ending because(EndCause cause, std::string detail) {
  Ending ending;
  ending.cause = cause;
  ending.detail = std::move(detail);
  return ending;
}

/// slurmd takes a job back as root where it cannot start it, and then tells no more than that.
bool failed_to_start(const SlurmJobSeen& line, const SlurmJobSeen* account) {
  constexpr Span longest_start = minutes(1);
  const auto by = line.cancelled_by ? line.cancelled_by
                  : account         ? account->cancelled_by
                                    : std::nullopt;
  return line.state == SlurmState::cancelled && by == 0u && !line.nodes.empty() && line.start &&
         line.end && *line.end - *line.start <= longest_start;
}

/// `account`: what sacct says of it, if anything.
Ending ending_by(const SlurmJobSeen& line, const SlurmJobSeen* account) {
  switch (line.state) {
    case SlurmState::timeout: return because(EndCause::time_limit, "its time in Slurm was up");
    case SlurmState::deadline:
      return because(EndCause::time_limit, "its deadline in Slurm had come");
    case SlurmState::out_of_memory:
      return because(EndCause::out_of_memory, "it went over the memory that Slurm gave it");
    case SlurmState::cancelled: {
      const auto by = line.cancelled_by    ? line.cancelled_by
                      : account != nullptr ? account->cancelled_by
                                           : std::nullopt;
      return because(EndCause::stopped, by ? "it was cancelled in Slurm by " + person_named(*by)
                                           : "it was cancelled in Slurm, not by gang");
    }
    case SlurmState::preempted:
      return because(EndCause::preempted, "Slurm gave its place to another job");
    case SlurmState::node_fail:
    case SlurmState::boot_fail: return because(EndCause::lost, nodes_text(line) + " failed");
    default:
      return because(EndCause::lost,
                     "Slurm says " + line.state_word + ", and how it ended was not written down");
  }
}

}  // namespace

void SlurmEngine::miss(OpenSending& sending, std::uint32_t index, const SlurmJobSeen* line) {
  SentGang& gang = sending.gang(index);
  if (!gang.gone_since) gang.gone_since = now();
  if (line == nullptr && accounts_asked(sending, index, *gang.gone_since))
    line = remembered(sending, index);
  if (gang.phase == SentPhase::begun) miss_begun(sending, index, line);
  else miss_waiting(sending, index, line);
}

void SlurmEngine::miss_begun(OpenSending& sending, std::uint32_t index, const SlurmJobSeen* line) {
  SentGang& gang = sending.gang(index);
  // Slurm means to start it again, so it believes that it runs nowhere.
  const bool again = line != nullptr && is_waiting(line->state);
  const Patience patience = again ? node_failed : patience_for(line);
  const Span silence = silence_of(sending, index);
  if (now() - *gang.gone_since < patient(patience.gone) || silence < patient(patience.silent))
    return;
  if (line != nullptr && line->state == SlurmState::cancelled && !gang.stop &&
      !accounts_asked(sending, index, *gang.gone_since))
    return;
  see_afresh(sending.files);
  if (believe_end(sending, index, line)) return;
  end(sending, index, gang.begun_at, now(),
      again && !gang.stop ? because(EndCause::lost, "Slurm meant to start it again")
                          : ending_without_note(sending, index, line));
}

void SlurmEngine::miss_waiting(OpenSending& sending, std::uint32_t index,
                               const SlurmJobSeen* line) {
  SentGang& gang = sending.gang(index);
  // Some sites have Slurm cancel it where what it waits for failed. One that was started too early
  // has seen that itself.
  const bool too_early =
      line != nullptr && line->state == SlurmState::failed && !sending.after.empty();
  if (!gang.stop && (too_early || (line != nullptr && line->reason == never_satisfied)))
    return wait_anew(sending);
  const Span gone = now() - *gang.gone_since;
  const bool cancelled = line != nullptr && line->state == SlurmState::cancelled;
  if (cancelled && !gang.stop) {
    if (!accounts_asked(sending, index, *gang.gone_since)) return;
  } else if (!cancelled &&
             gone < patient(line == nullptr ? is_known_within : patience_for(line).gone)) {
    return;
  }
  if (line == nullptr && !accounts_asked(sending, index, *gang.gone_since)) return;
  see_afresh(sending.files);
  believe_claim(sending, index);
  if (gang.phase == SentPhase::begun) return;
  if (!gang.stop && (line == nullptr || is_of_node(line->state)) &&
      sending.times_forgotten < most_times_forgotten) {
    // Slurm forgot it, or its node failed before it began. Claims keep it from running twice.
    for (SentGang& other : sending.gangs) other.gone_since.reset();
    if (sending.to_send) return;
    // One that the disk is too full to note is sent once more at worst.
    (void)note_forgotten(sending).ok();
    send_last(sending);
    return;
  }
  if (!withdraw(sending, index)) return;  // it begins just now
  end(sending, index, Time{0}, now(), ending_without_note(sending, index, line));
}

/// Of one whose program was told by Slurm to stop, not by us. Empty: Slurm has not said why yet.
std::optional<Ending> SlurmEngine::why_stopped(OpenSending& sending, std::uint32_t index,
                                               const SlurmJobSeen* line, Time at) {
  SentGang& gang = sending.gang(index);
  if (!gang.gone_since) gang.gone_since = now();
  if (line != nullptr && is_waiting(line->state))
    return because(EndCause::preempted, "somebody put it back into Slurm's queue");
  const bool late = now() - *gang.gone_since > patient(accounts_come_within);
  const bool asked = accounts_asked(sending, index, *gang.gone_since);
  const SlurmJobSeen* account = remembered(sending, index);
  if (line == nullptr) line = account;
  const bool over = line != nullptr && is_over(line->state);
  if (over && was_killed(line->state) && line->state != SlurmState::cancelled)
    return ending_by(*line, account);
  if (!late && (!over || !asked)) return std::nullopt;
  if (over && line->state == SlurmState::cancelled) return ending_by(*line, account);
  // What is over is shown for some minutes, so that this is not one that somebody cancelled.
  if (line == nullptr && (gang.seen_to_run || sending.sent_here))
    return because(EndCause::lost, "Slurm forgot it, and ended it on its node");
  const JobSpec& spec = *sending.order.job.spec;
  const auto warning =
      sending.by_srun ? std::nullopt : slurm_warning(spec, index, sending.order.alternative, site_);
  if (!warning) return because(EndCause::stopped, "it was told to stop by Slurm, not by gang");
  // Slurm may warn a minute earlier than it was asked to: sbatch(1), --signal.
  const Span limit = *site_.partition_for(spec.queue)->time_if_not_asked();
  if (at >= gang.begun_at + limit - *warning - minutes(1))
    return because(EndCause::time_limit, "its time in Slurm, " + format(limit) + ", was almost up");
  return because(EndCause::stopped, "it was told to stop by Slurm, not by gang");
}

Ending SlurmEngine::ending_without_note(const OpenSending& sending, std::uint32_t index,
                                        const SlurmJobSeen* line) const {
  const SentGang& gang = sending.gang(index);
  if (gang.stop) return because(gang.stop->cause, gang.stop->reason);
  if (line == nullptr)
    return because(EndCause::lost,
                   gang.phase == SentPhase::waiting
                       ? "Slurm took it and forgot it each time that it was sent"
                       : "Slurm does not know it any more, nor is there a sign of its life");
  if (gang.phase == SentPhase::waiting && line->state == SlurmState::failed) {
    const std::string lines = last_lines(
        sending.files.directory() + "/slurm-" +
            std::to_string(sending.is_array() ? index - sending.order.first : 0) + ".out",
        most_last_lines);
    std::string_view said = trim(lines);
    if (constexpr std::string_view front = "gang: "; said.starts_with(front))
      said.remove_prefix(front.size());
    return because(EndCause::not_started, said.empty()
                                              ? "its node could not run " + settings_.gang_program +
                                                    " or write in " + settings_.state_dir +
                                                    "; are both on a disk that all nodes see?"
                                              : printable(said));
  }
  if (gang.phase == SentPhase::waiting && failed_to_start(*line, remembered(sending, index)))
    return because(EndCause::lost, nodes_text(*line) +
                                       " could not start it, and root took it back in Slurm: "
                                       "mostly a prolog that fails there");
  return ending_by(*line, remembered(sending, index));
}

/// For how long its sign of life has not changed, by this machine's own clock.
Span SlurmEngine::silence_of(OpenSending& sending, std::uint32_t index) {
  SentGang& gang = sending.gang(index);
  const std::uint64_t sign = read_sign(sending.files.sign(index)).value_or(gang.sign);
  if (sign != gang.sign) {
    gang.sign = sign;
    gang.sign_changed = since_boot();
  }
  return since_boot() - gang.sign_changed;
}

// Accounts.

const SlurmJobSeen* SlurmEngine::remembered(const OpenSending& sending, std::uint32_t index) const {
  const auto found = remembered_.find({sending.tag, index});
  return found != remembered_.end() && found->second.job ? &*found->second.job : nullptr;
}

bool SlurmEngine::accounts_asked(const OpenSending& sending, std::uint32_t index, Time since) {
  if (!site_.accounting || sending.numbers.empty()) return true;
  const Remembered& known = remembered_[{sending.tag, index}];
  if (known.job) return true;
  // What it does not know now it may know soon.
  const Span gone = now() - since;
  if (known.at.us > 0 && gone > patient(accounts_come_within)) return true;
  if (gone > patient(accounts_answer_within)) return true;
  to_ask_.insert({sending.tag, index});
  return false;
}

/// True: a call is under way.
bool SlurmEngine::ask_accounts() {
  if (to_ask_.empty() || now() - accounts_asked_ < patient(between_accounts)) return false;
  std::vector<std::string> numbers;
  for (const auto& [tag, index] : to_ask_) {
    const auto sending = sendings_.find(tag);
    if (sending == sendings_.end()) continue;
    for (const std::string& number : sending->second->numbers)
      if (std::find(numbers.begin(), numbers.end(), number) == numbers.end() &&
          numbers.size() < most_jobs_in_a_call)
        numbers.push_back(number);
  }
  const auto asked = std::exchange(to_ask_, {});
  if (numbers.empty()) return false;
  accounts_asked_ = now();
  slurm_->ask_accounts(std::move(numbers), [this, asked](auto accounts) {
    looking_ = false;
    hear_accounts(std::move(accounts), asked);
    look_later();
  });
  return true;
}

void SlurmEngine::hear_accounts(Result<std::vector<SlurmJobSeen>> accounts,
                                const std::set<GangOfTag>& asked) {
  accounts_trouble_ = accounts ? "" : accounts.error().what;
  if (!accounts) return;  // it is asked again, for some time
  for (const GangOfTag& gang : asked)
    if (const auto known = remembered_.find(gang); known != remembered_.end())
      known->second.at = now();
  for (SlurmJobSeen& job : *accounts) {
    const auto sending = sendings_.find(job.tag);
    // What it has of a job that runs may be all that is left of one that slurmctld has forgotten.
    if (sending == sendings_.end() || !is_over(job.state)) continue;
    const std::uint32_t first = sending->second->order.first;
    for (const GangOfTag& gang : asked) {
      const std::uint32_t element = gang.second - first;
      const bool meant =
          gang.first == job.tag &&
          (job.elements.empty() ||
           std::any_of(job.elements.begin(), job.elements.end(), [&](const ElementRange& range) {
             return range.begin <= element && element < range.end;
           }));
      if (meant && remembered_.contains(gang)) remembered_[gang].job = job;
    }
  }
}

}  // namespace gangline
