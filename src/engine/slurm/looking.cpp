// What Slurm and the files of sendings say of gangs, and what follows from it.
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "engine/slurm/slurm_engine.h"
#include "launch/job_files.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

// What Slurm took may be shown some time later, most of all where it is busy.
constexpr Span is_shown_within = seconds(5);
// An srun that has found no node says so at once.
constexpr Span longest_srun_without_job = seconds(20);
constexpr Span between_stops = seconds(5);
constexpr Span ends_in_slurm_within = seconds(10);
constexpr Span longest_leftover = minutes(10);
constexpr std::size_t longest_last_lines = 2 << 10;
// What is missing before and after that is missing.
constexpr Span short_outage = seconds(5);
constexpr std::uint32_t most_signs_in_a_look = 100;  // each is a call to the disk's server

bool has_element(const SlurmJobSeen& line, std::uint32_t element) {
  return line.elements.empty() ||
         std::any_of(line.elements.begin(), line.elements.end(), [&](const ElementRange& range) {
           return range.begin <= element && element < range.end;
         });
}

/// Of lines of one gang that which says how it is: of the job that runs it, else of one that is
/// not over, else of the newest.
bool says_more(const SlurmJobSeen& one, const SlurmJobSeen& other, std::uint64_t claimed) {
  const auto life = [&](const SlurmJobSeen& line) {
    if (claimed > 0 && line.job == claimed) return 3;
    return is_over(line.state) ? 0 : is_waiting(line.state) ? 1 : 2;
  };
  return life(one) != life(other) ? life(one) > life(other) : one.own > other.own;
}

/// An srun that found no room or was cut off, after which it was sent in another way.
bool is_of_vain_try(const OpenSending& sending, const SlurmJobSeen& line) {
  return sending.times_sent > 0 && is_over(line.state) &&
         std::to_string(line.job) != sending.newest_number();
}

/// A reason for which it never starts, until somebody helps.
bool never_starts(const std::string& reason) {
  return reason == "launch failed requeued held" || reason == "JobHoldMaxRequeue" ||
         reason == "MaxRequeue";
}

/// As its id says: one element, or all.
SlurmStopped stopped_of(const SlurmJobSeen& line) {
  SlurmStopped stopped{std::to_string(line.job)};
  if (line.id != stopped.number && !line.elements.empty())
    stopped.elements.push_back(line.elements.front().begin);
  return stopped;
}

Ending because(EndCause cause, std::string detail) {
  Ending ending;
  ending.cause = cause;
  ending.detail = std::move(detail);
  return ending;
}

}  // namespace

void SlurmEngine::look_later() {
  if (next_look_ || looking_ || (sendings_.empty() && leftovers_.empty())) return;
  const Span since = now() - looked_;
  const Span pause = std::max(settings_.profile.look_every, slurm_->rest_after_queue());
  next_look_ = loop_.after(std::max(Span{0}, pause - since), [this] {
    next_look_.reset();
    look();
  });
}

/// A question for the accounts takes the turn of one for the queue, so that they are not more.
void SlurmEngine::look() {
  if (looking_ || (sendings_.empty() && leftovers_.empty())) return;
  looking_ = true;
  looked_ = now();
  if (ask_accounts()) return;
  slurm_->ask_queue([this, asked = looked_](const auto& queue) {
    looking_ = false;
    hear_queue(queue, asked);
    look_later();
  });
}

void SlurmEngine::hear_queue(const Result<std::vector<SlurmJobSeen>>& queue, Time asked) {
  look_failed_ = look_failed_ || !queue;
  if (!queue) {
    trouble_ = queue.error().what;
    return;
  }
  trouble_.clear();
  const Span outage = asked - std::exchange(heard_queue_, asked);
  if (std::exchange(look_failed_, false) && outage > patient(short_outage)) forget_absences();
  std::map<std::string, std::vector<const SlurmJobSeen*>> by_tag;
  for (const SlurmJobSeen& line : *queue)
    if (!line.tag.empty()) by_tag[line.tag].push_back(&line);
  signs_to_read_ = most_signs_in_a_look;
  round_is_over_ = true;
  std::vector<std::string> tags;  // looking at one may end it
  for (const auto& [tag, sending] : sendings_) tags.push_back(tag);
  for (const std::string& tag : tags) {
    const auto found = sendings_.find(tag);
    if (found != sendings_.end()) look_at(*found->second, by_tag[tag], asked);
  }
  if (round_is_over_) ++sign_round_;
  look_at_leftovers(by_tag);
  send_next();
}

/// While Slurm did not answer for long, nothing was missed.
void SlurmEngine::forget_absences() {
  for (const auto& [tag, sending] : sendings_) {
    sending->doubted_at = Time{0};
    for (SentGang& gang : sending->gangs) gang.gone_since.reset();
  }
}

void SlurmEngine::look_at(OpenSending& sending, const std::vector<const SlurmJobSeen*>& lines,
                          Time asked) {
  sending.waits.clear();
  sending.suspended.clear();
  std::erase_if(sending.fresh, [&](const auto& number) { return number.second < asked; });
  for (const SlurmJobSeen* line : lines) {
    if (is_over(line->state) || sending.replaced.contains(line->job)) continue;
    // An srun that found no node is in Slurm's list for a while, and is not what waits.
    const std::string number = std::to_string(line->job);
    (void)note_number(sending, number).ok();
    sending.fresh[number] = now();  // however long the answer took
    if (is_waiting(line->state))
      sending.waits.push_back({line->elements, line->reason, line->start});
    if (line->state == SlurmState::suspended || line->state == SlurmState::stopped) {
      if (line->elements.empty()) sending.suspended.push_back({0, 1});
      for (const ElementRange& range : line->elements) sending.suspended.push_back(range);
    }
  }
  if (sending.asking && !sending.by_srun) return;  // its answer comes
  const bool some_begun =
      std::any_of(sending.gangs.begin(), sending.gangs.end(),
                  [](const SentGang& gang) { return gang.phase == SentPhase::begun; });
  if (sending.to_send && !some_begun) return;
  if (sending.doubtful)
    return settle_doubt(sending, !std::all_of(lines.begin(), lines.end(), [&](const auto* line) {
                          return is_of_vain_try(sending, *line);
                        }));
  const std::string tag = sending.tag;
  for (std::uint32_t i = 0; i < sending.order.count; ++i) {
    if (sending.gangs[i].phase == SentPhase::ended) {
      for (const SlurmJobSeen* line : lines)
        if (is_waiting(line->state) && has_element(*line, i))
          cancel(sending, sending.order.first + i, std::to_string(line->job), SlurmStop::cancel);
      continue;
    }
    const bool waits = sending.gangs[i].phase == SentPhase::waiting;
    const SlurmJobSeen* best = nullptr;
    for (const SlurmJobSeen* line : lines)
      if (has_element(*line, i) && !sending.replaced.contains(line->job) &&
          !(waits && is_of_vain_try(sending, *line)) &&
          (best == nullptr || says_more(*line, *best, sending.gangs[i].claimed)))
        best = line;
    look_at_gang(sending, sending.order.first + i, best);
    if (!sendings_.contains(tag)) return;
    for (const SlurmJobSeen* line : lines)
      if (sending.gangs[i].phase == SentPhase::begun && line->job != sending.gangs[i].claimed &&
          is_waiting(line->state) && has_element(*line, i))
        cancel(sending, sending.order.first + i, std::to_string(line->job), SlurmStop::cancel);
  }
}

/// Whether Slurm took it was not heard.
void SlurmEngine::settle_doubt(OpenSending& sending, bool seen) {
  for (std::uint32_t i = 0; i < sending.order.count; ++i)
    believe_claim(sending, sending.order.first + i);
  const bool begun =
      std::any_of(sending.gangs.begin(), sending.gangs.end(),
                  [](const SentGang& gang) { return gang.phase == SentPhase::begun; });
  if (sending.doubted_at.us == 0) sending.doubted_at = now();
  if (!seen && !begun && now() - sending.doubted_at < is_shown_within) return;
  sending.doubtful = false;
  sending.sent_at = now();
  sending.trouble.clear();
  // Should the first one come after all, claims keep gangs from running twice.
  if (!seen && !begun) send_last(sending);
}

void SlurmEngine::look_at_gang(OpenSending& sending, std::uint32_t index,
                               const SlurmJobSeen* line) {
  SentGang& gang = sending.gang(index);
  const bool waits = line != nullptr && is_waiting(line->state);
  const bool over = line == nullptr || is_over(line->state);
  if (!over && gang.stop && now() - gang.stop_sent > between_stops) ask_to_stop(sending, index);
  if (gang.phase == SentPhase::waiting && waits) return look_at_waiting(sending, index, *line);
  believe_claim(sending, index);
  if (gang.phase == SentPhase::begun && gang.sign_round != sign_round_) {
    if (signs_to_read_ == 0) round_is_over_ = false;
    else (void)silence_of(sending, index), --signs_to_read_, gang.sign_round = sign_round_;
  }
  if (gang.phase == SentPhase::begun && waits && is_held(line->reason) && !gang.stop)
    held_back_.insert(sending.id_of(index));
  const bool runs = !over && !waits && line->state != SlurmState::completing;
  gang.seen_to_run = gang.seen_to_run || runs;
  if (runs) return gang.gone_since.reset();
  if (believe_end(sending, index, line)) return;
  if (!over && !waits) return;  // it is about to end
  if (sending.by_srun && sending.asking) {
    // Its srun says what comes of it, unless that hangs.
    if (gang.phase == SentPhase::begun || line != nullptr) return;
    if (!gang.gone_since) gang.gone_since = now();
    if (now() - *gang.gone_since < longest_srun_without_job) return;
    sending.asking = sending.by_srun = false;
    sending.doubtful = true;
    gang.gone_since.reset();
    return;
  }
  miss(sending, index, line);
}

void SlurmEngine::look_at_waiting(OpenSending& sending, std::uint32_t index,
                                  const SlurmJobSeen& line) {
  sending.gang(index).gone_since.reset();
  if (line.reason == never_satisfied) return wait_anew(sending);
  if (!never_starts(line.reason) || !withdraw(sending, index)) return;
  cancel(sending, index, std::to_string(line.job), SlurmStop::cancel);
  end(sending, index, Time{0}, now(), because(EndCause::lost, reason_in_words(line.reason)));
}

/// What waits there yet would be in the way of others.
void SlurmEngine::look_at_leftovers(
    const std::map<std::string, std::vector<const SlurmJobSeen*>>& by_tag) {
  std::vector<SlurmStopped> left_there;
  std::erase_if(leftovers_, [&](const auto& leftover) {
    const auto lines = by_tag.find(leftover.first);
    bool left = false;
    if (lines != by_tag.end())
      for (const SlurmJobSeen* line : lines->second) {
        if (is_over(line->state)) continue;
        left = true;
        if (is_waiting(line->state) || now() - leftover.second > ends_in_slurm_within)
          left_there.push_back(stopped_of(*line));
      }
    return !left || now() - leftover.second > longest_leftover;
  });
  if (!left_there.empty()) slurm_->stop(std::move(left_there), SlurmStop::cancel, [] {});
}

// Files.

void SlurmEngine::believe_claim(OpenSending& sending, std::uint32_t index) {
  SentGang& gang = sending.gang(index);
  if (gang.phase != SentPhase::waiting) return;
  const auto claim = read_claim(sending.files.claim(index));
  if (!claim || !*claim || (*claim)->withdrawn) return;
  gang.phase = SentPhase::begun;
  gang.begun_at = (*claim)->at;
  gang.sign_changed = since_boot();
  const std::string& name = (*claim)->slurm_job;
  gang.claimed = parse_number(name.substr(0, name.find('_'))).value_or(0);
  (void)note_number(sending, name.substr(0, name.find('_'))).ok();
  if (gang.start_told) return;
  tell((*claim)->at, GangStarted{sending.id_of(index), sending.order.attempt, (*claim)->fences,
                                 place_of(sending.order, **claim)});
  unstored_starts_.emplace_back(told_, sending.id_of(index));
}

bool SlurmEngine::believe_end(OpenSending& sending, std::uint32_t index, const SlurmJobSeen* line) {
  auto note = read_end(sending.files.end(index));
  if (!note || !*note) return false;
  Ending ending = (*note)->ending;
  const auto& stop = sending.gang(index).stop;
  if (ending.cause == EndCause::stopped && stop) {
    ending.cause = stop->cause;
    ending.detail = stop->reason;
  } else if (ending.cause == EndCause::stopped && ending.detail.empty()) {
    const auto why = why_stopped(sending, index, line, (*note)->at);
    if (!why) return true;  // Slurm is yet to say it
    ending.cause = why->cause;
    ending.detail = why->detail;
    if (why->cause == EndCause::lost && (*note)->started.us == 0) {
      // Nothing was begun, so to begin it costs no retry.
      ending.cause = EndCause::preempted;
      ending.detail = "Slurm forgot it before it began; it waits again";
    }
  }
  end(sending, index, (*note)->started, (*note)->at, std::move(ending));
  return true;
}

/// `sending` may be gone after this.
/// Where Slurm ended its program at once, as of one that it had suspended, nobody has read them on
/// its node.
std::string SlurmEngine::last_lines_of(const OpenSending& sending, std::uint32_t index,
                                       std::uint32_t rank) const {
  const JobFiles files(settings_.state_dir);
  std::string lines;
  for (const bool error_stream : {true, false})
    if (lines.empty())
      lines = last_lines(files.log(sending.id_of(index), sending.order.attempt, rank, error_stream),
                         longest_last_lines);
  return lines;
}

void SlurmEngine::end(OpenSending& sending, std::uint32_t index, Time started, Time at,
                      Ending ending) {
  SentGang& gang = sending.gang(index);
  if (gang.phase == SentPhase::ended) return;
  if (gang.phase == SentPhase::begun && ending.cause != EndCause::done && ending.last_lines.empty())
    ending.last_lines = last_lines_of(sending, index, ending.rank.value_or(0));
  gang.phase = SentPhase::ended;
  sending.ended_badly = sending.ended_badly || ending.cause != EndCause::done;
  remembered_.erase({sending.tag, index});
  ::unlink(sending.files.sign(index).c_str());
  tell(at,
       GangEnded{sending.id_of(index), sending.order.attempt, started, std::move(ending), false});
  if (--sending.open > 0) return;
  unstored_ends_.emplace_back(told_, sending.files.directory());
  leftovers_[sending.tag] = now();
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
