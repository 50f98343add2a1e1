// What Slurm and the files of sendings say of gangs, and what follows from it.
#include <algorithm>

#include "base/text.h"
#include "engine/slurm/slurm_engine.h"
#include "launch/job_files.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

// A file that was written on another machine may be seen late.
constexpr Span sees_files_within = seconds(15);
// Where Slurm ended a gang, it mostly could not write down how.
constexpr Span sees_files_of_killed_within = seconds(3);
// A job is not always known at once, nor each time that one asks.
constexpr Span is_known_within = seconds(10);
constexpr std::uint32_t most_sendings_of_a_gang = 3;
constexpr std::size_t most_last_lines = 1'000;

bool has_element(const SlurmJobSeen& line, std::uint32_t element) {
  return line.elements.empty() ||
         std::any_of(line.elements.begin(), line.elements.end(), [&](const ElementRange& range) {
           return range.begin <= element && element < range.end;
         });
}

/// Ended by Slurm or by somebody through it, not by itself.
bool was_killed(SlurmState state) {
  return is_over(state) && state != SlurmState::completed && state != SlurmState::failed;
}

std::string nodes_text(const SlurmJobSeen& line) {
  return line.nodes.empty() ? "its node" : "node " + printable(line.nodes);
}

Ending because(EndCause cause, std::string detail) {
  Ending ending;
  ending.cause = cause;
  ending.detail = std::move(detail);
  return ending;
}

Ending ending_by(const SlurmJobSeen& line) {
  switch (line.state) {
    case SlurmState::timeout: return because(EndCause::time_limit, "its time in Slurm was up");
    case SlurmState::deadline:
      return because(EndCause::time_limit, "its deadline in Slurm had come");
    case SlurmState::out_of_memory:
      return because(EndCause::out_of_memory, "it went over the memory that Slurm gave it");
    case SlurmState::cancelled:
      return because(EndCause::stopped, "it was cancelled in Slurm, not by gang");
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

void SlurmEngine::look_later() {
  if (next_look_ || looking_ || sendings_.empty()) return;
  const Span since = now() - looked_;
  next_look_ = loop_.after(std::max(Span{0}, settings_.look_every - since), [this] {
    next_look_.reset();
    look();
  });
}

void SlurmEngine::look() {
  if (looking_ || sendings_.empty()) return;
  looking_ = true;
  looked_ = now();
  const std::string mark = random_word();
  calls_.ask(squeue_words(mark), [this, mark](const Result<ProgramAnswer>& answer) {
    looking_ = false;
    hear_queue(answer, mark);
    look_later();
  });
}

void SlurmEngine::hear_queue(const Result<ProgramAnswer>& answer, const std::string& mark) {
  const auto text = said_by("squeue", answer);
  if (!text) {
    trouble_ = text.error().what;
    return;
  }
  trouble_.clear();
  std::map<std::string, std::vector<const SlurmJobSeen*>> by_tag;
  const auto seen = read_squeue(*text, mark);
  for (const SlurmJobSeen& line : seen)
    if (!line.tag.empty()) by_tag[line.tag].push_back(&line);
  std::vector<std::string> tags;  // looking at one may end it
  for (const auto& [tag, sending] : sendings_) tags.push_back(tag);
  for (const std::string& tag : tags) {
    const auto found = sendings_.find(tag);
    if (found != sendings_.end()) look_at(*found->second, by_tag[tag]);
  }
  send_next();
}

void SlurmEngine::look_at(OpenSending& sending, const std::vector<const SlurmJobSeen*>& lines) {
  sending.waits.clear();
  for (const SlurmJobSeen* line : lines) {
    // An srun that found no node is in Slurm's list for a while, and is not what waits.
    if (!is_over(line->state)) (void)note_number(sending, std::to_string(line->job)).ok();
    if (is_waiting(line->state))
      sending.waits.push_back({line->elements, line->reason, line->start});
  }
  if (sending.asking && !sending.by_srun) return;  // its answer comes
  if (sending.doubtful) return settle_doubt(sending, !lines.empty());
  const std::string tag = sending.tag;
  for (std::uint32_t i = 0; i < sending.order.count; ++i) {
    if (sending.gangs[i].phase == SentPhase::ended) continue;
    const SlurmJobSeen* best = nullptr;  // that is not over, where Slurm has it twice
    for (const SlurmJobSeen* line : lines)
      if (has_element(*line, i) && (best == nullptr || is_over(best->state))) best = line;
    look_at_gang(sending, sending.order.first + i, best);
    if (!sendings_.contains(tag)) return;
  }
}

/// Whether Slurm took it was not heard.
void SlurmEngine::settle_doubt(OpenSending& sending, bool seen) {
  sending.doubtful = false;
  sending.sent_at = now();
  sending.trouble.clear();
  if (seen) return;
  for (std::uint32_t i = 0; i < sending.order.count; ++i)
    believe_claim(sending, sending.order.first + i);
  const bool begun =
      std::any_of(sending.gangs.begin(), sending.gangs.end(),
                  [](const SentGang& gang) { return gang.phase == SentPhase::begun; });
  // Should the first one come after all, claims keep gangs from running twice.
  if (!begun) to_send_.push_back(sending.tag);
}

void SlurmEngine::look_at_gang(OpenSending& sending, std::uint32_t index,
                               const SlurmJobSeen* line) {
  SentGang& gang = sending.gang(index);
  const bool waits = line != nullptr && is_waiting(line->state);
  if (waits) return gang.gone_since.reset();
  if (gang.phase == SentPhase::waiting) believe_claim(sending, index);
  const bool runs = line != nullptr && !is_over(line->state);
  if (runs && line->state != SlurmState::completing) return gang.gone_since.reset();
  if (believe_end(sending, index)) return;
  if (runs || sending.by_srun) return;  // it is about to end, or its srun says so
  miss(sending, index, line);
}

void SlurmEngine::miss(OpenSending& sending, std::uint32_t index, const SlurmJobSeen* line) {
  SentGang& gang = sending.gang(index);
  if (!gang.gone_since) gang.gone_since = now();
  const Span patience = line == nullptr           ? is_known_within
                        : was_killed(line->state) ? sees_files_of_killed_within
                                                  : sees_files_within;
  const bool cancelled_unstarted =
      line != nullptr && gang.phase == SentPhase::waiting && line->state == SlurmState::cancelled;
  if (!cancelled_unstarted && now() - *gang.gone_since < patience) return;
  const bool sent_in_vain = gang.phase == SentPhase::waiting && !gang.stop &&
                            (line == nullptr || line->state == SlurmState::node_fail ||
                             line->state == SlurmState::boot_fail);
  if (sent_in_vain && sending.times_sent < most_sendings_of_a_gang) {
    // Slurm forgot it, or its node failed before it began. Claims keep it from running twice.
    gang.gone_since.reset();
    if (std::find(to_send_.begin(), to_send_.end(), sending.tag) == to_send_.end())
      to_send_.push_back(sending.tag);
    return;
  }
  const bool never_ran = gang.phase == SentPhase::waiting && withdraw(sending, index);
  if (gang.phase == SentPhase::waiting && !never_ran) return;  // it begins just now
  end(sending, index, never_ran ? Time{0} : gang.begun_at, now(),
      ending_without_note(sending, index, line));
}

Ending SlurmEngine::ending_without_note(const OpenSending& sending, std::uint32_t index,
                                        const SlurmJobSeen* line) const {
  const SentGang& gang = sending.gang(index);
  if (gang.stop) return because(gang.stop->cause, gang.stop->reason);
  if (line == nullptr)
    return because(EndCause::lost, "Slurm does not know it any more, nor how it ended");
  if (gang.phase == SentPhase::waiting && line->state == SlurmState::failed) {
    const std::string said = last_lines(
        sending.files.directory() + "/slurm-" +
            std::to_string(sending.is_array() ? index - sending.order.first : 0) + ".out",
        most_last_lines);
    return because(EndCause::not_started, said.empty()
                                              ? "its node could not run " + settings_.gang_program +
                                                    "; is it on a disk that all nodes see?"
                                              : printable(said));
  }
  return ending_by(*line);
}

// Files.

void SlurmEngine::believe_claim(OpenSending& sending, std::uint32_t index) {
  SentGang& gang = sending.gang(index);
  if (gang.phase != SentPhase::waiting) return;
  const auto claim = read_claim(sending.files.claim(index));
  if (!claim || !*claim || (*claim)->withdrawn) return;
  gang.phase = SentPhase::begun;
  gang.begun_at = (*claim)->at;
  const std::string& name = (*claim)->slurm_job;
  (void)note_number(sending, name.substr(0, name.find('_'))).ok();
  if (gang.start_told) return;
  tell((*claim)->at, GangStarted{sending.id_of(index), sending.order.attempt, (*claim)->fences,
                                 place_of(sending.order, **claim)});
  unstored_starts_.emplace_back(told_, sending.id_of(index));
}

bool SlurmEngine::believe_end(OpenSending& sending, std::uint32_t index) {
  auto note = read_end(sending.files.end(index));
  if (!note || !*note) return false;
  Ending ending = (*note)->ending;
  const auto& stop = sending.gang(index).stop;
  if (ending.cause == EndCause::stopped && stop) {
    ending.cause = stop->cause;
    ending.detail = stop->reason;
  } else if (ending.cause == EndCause::stopped && ending.detail.empty()) {
    ending.detail = "it was cancelled in Slurm, not by gang";
  }
  end(sending, index, (*note)->started, (*note)->at, std::move(ending));
  return true;
}

/// `sending` may be gone after this.
void SlurmEngine::end(OpenSending& sending, std::uint32_t index, Time started, Time at,
                      Ending ending) {
  SentGang& gang = sending.gang(index);
  if (gang.phase == SentPhase::ended) return;
  gang.phase = SentPhase::ended;
  tell(at,
       GangEnded{sending.id_of(index), sending.order.attempt, started, std::move(ending), false});
  if (--sending.open > 0) return;
  unstored_ends_.emplace_back(told_, sending.files.directory());
  sendings_.erase(sending.tag);
}

std::shared_ptr<const Allocation> SlurmEngine::place_of(const SendingOrder& order,
                                                        const Claim& claim) const {
  Allocation allocation;
  allocation.alternative = order.alternative;
  const auto& task = order.job.spec->resources.alternatives[order.alternative];
  const std::uint32_t count = task.devices ? task.devices->count : 0;
  std::uint32_t rank = 0;
  for (const NodeGiven& given : claim.nodes) {
    const auto node = ids_.find(given.name);
    if (node == ids_.end()) continue;
    NodePart part{node->second, {}};
    for (std::uint32_t i = 0; i < given.tasks; ++i) {
      TaskPlace place;
      place.rank = rank++;
      place.counted = task.cpus;
      place.memory = task.memory;
      for (std::size_t n = std::size_t{i} * count; n < (std::size_t{i} + 1) * count; ++n)
        if (n < given.gpus.size()) place.devices.push_back({given.gpus[n], whole_device});
      part.tasks.push_back(std::move(place));
    }
    allocation.parts.push_back(std::move(part));
  }
  return std::make_shared<const Allocation>(std::move(allocation));
}

}  // namespace gangline
