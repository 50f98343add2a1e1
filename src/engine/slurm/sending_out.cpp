// How sendings get to Slurm, and how they are taken back.
#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "engine/slurm/sbatch_script.h"
#include "engine/slurm/slurm_engine.h"
#include "launch/job_files.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::size_t most_sent_at_once = 1;  // so that Slurm numbers them as they were submitted
constexpr Span between_looks_for_begin = milliseconds(25);
constexpr int most_looks_for_begin = 80;
constexpr std::uint32_t most_withdrawn = 64;
// Each stays here as long as its gang runs.
constexpr std::uint32_t most_sruns = 16;
constexpr Span between_vain_sends = seconds(5);
constexpr std::size_t most_said_by_srun = 2 << 10;
// Slurm was asked so lately that a number cannot have become another job's.
constexpr Span is_fresh_for = seconds(2);

ScriptParts parts_of(const OpenSending& sending, const std::string& gang_program) {
  return {gang_program,
          sending.files.directory(),
          sending.tag,
          sending.order.alternative,
          slurm_pattern_of(sending.files.directory()) + "/slurm-" +
              (sending.is_array() ? "%a" : "0") + ".out",
          sending.awaited.empty() ? "" : dependency_on(sending.awaited),
          sending.held};
}

/// It is not synced to disk: it is read at once, and it is written anew if it is sent again.
Result<void> write_script(const std::string& path, const std::string& text) {
  const auto file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0700);
  if (!file) return file.error();
  return write_all(file->number(), text, path);
}

/// "srun: error: Task launch for StepId=3.0 failed on node n3: Job prolog failed", or, where
/// prologs run with the allocation, "srun: error: Nodes n3 are still not ready": that node. Empty:
/// it does not say so.
std::string node_not_ready(const std::string& said) {
  for (const std::string_view line : split(said, '\n'))
    for (const auto& [before, after] :
         {std::pair<std::string_view, std::string_view>{" failed on node ", ": Job prolog failed"},
          {"Nodes ", " are still not ready"}}) {
      const std::size_t at = line.find(before), end = line.rfind(after);
      if (at == line.npos || end == line.npos || end < at + before.size()) continue;
      return std::string(trim(line.substr(at + before.size(), end - at - before.size())));
    }
  return "";
}

}  // namespace

void SlurmEngine::send_first(OpenSending& sending) {
  if (std::exchange(sending.to_send, true)) return;
  to_send_.insert(to_send_.begin(), sending.tag);
}

void SlurmEngine::send_last(OpenSending& sending) {
  if (!std::exchange(sending.to_send, true)) to_send_.push_back(sending.tag);
}

void SlurmEngine::send_next() {
  std::size_t asking = 0;
  for (const auto& [tag, sending] : sendings_) asking += sending->asking && !sending->by_srun;
  for (auto at = to_send_.begin(); at != to_send_.end() && asking < most_sent_at_once;) {
    if (now() < not_sent_before_) return;  // a look comes before
    const auto next = sendings_.find(*at);
    auto awaited = next == sendings_.end() ? std::nullopt : awaited_by(*next->second);
    if (next != sendings_.end() && !awaited) {
      ++at;
      continue;
    }
    at = to_send_.erase(at);
    if (next == sendings_.end()) continue;
    OpenSending& sending = *next->second;
    sending.to_send = false;
    sending.awaited = *std::move(awaited);
    if (may_go_by_srun(sending)) send_by_srun(sending);
    else if (send(sending)) ++asking;
    else return;
  }
}

/// Nothing: Slurm does not have all of that yet, or that is over and we shall hear what comes of
/// it.
std::optional<std::vector<Awaited>> SlurmEngine::awaited_by(const OpenSending& sending) const {
  std::vector<Awaited> all;
  for (const JobId job : sending.after) {
    const std::size_t before = all.size();
    for (const auto& [tag, other] : sendings_) {
      if (other.get() == &sending || other->order.job.id != job) continue;
      const bool may_have_gone_in_vain =
          other->by_srun && other->gangs.front().phase == SentPhase::waiting;
      if (other->ended_badly || other->numbers.empty() || other->doubtful ||
          may_have_gone_in_vain || (other->asking && !other->by_srun) || other->to_send)
        return std::nullopt;
      all.push_back({job, tag, other->numbers.back()});
    }
    if (all.size() == before) return std::nullopt;
  }
  if (!all.empty() && all == sending.never_ends) return std::nullopt;
  return all;
}

/// Slurm will not start it, since what it was told to wait for is forgotten or did not end well. If
/// that is tried again, or has ended well after all, it is sent again.
void SlurmEngine::wait_anew(OpenSending& sending) {
  if (sending.to_send) return;
  sending.never_ends = sending.awaited;
  for (const auto& [number, seen] : std::exchange(sending.fresh, {})) {
    slurm_->stop({{number}}, SlurmStop::cancel, [this] { look_later(); });
    sending.replaced.insert(parse_number(number).value_or(0));
  }
  send_last(sending);
}

// sbatch may leave a job lying for seconds where a node is free, srun asks for one at once. Only
// the first of what waits goes so: it would overtake the others.
bool SlurmEngine::may_go_by_srun(const OpenSending& sending) const {
  const JobSpec& spec = *sending.order.job.spec;
  if (!slurm_->starts_at_once() || sending.is_array() || spec.resources.tasks != 1 ||
      sending.times_sent > 0 || sending.doubtful || sending.held || sruns_ >= most_sruns ||
      !sending.awaited.empty())
    return false;
  return std::none_of(sendings_.begin(), sendings_.end(), [&](const auto& other) {
    return other.second.get() != &sending && !other.second->waits.empty();
  });
}

/// False: the disk takes it not; it is tried again.
bool SlurmEngine::send(OpenSending& sending) {
  const SendingOrder& order = sending.order;
  const std::string text = sbatch_script(*order.job.spec, order.first, order.count, site_,
                                         parts_of(sending, settings_.gang_program));
  auto written = note_awaited(sending.files, sending.awaited);
  if (written) written = write_script(sending.files.script(), text);
  if (!written) {
    sending.trouble = written.error().sentence();
    send_first(sending);
    not_sent_before_ = now() + patient(between_vain_sends);
    look_later();
    return false;
  }
  sending.asking = sending.sent_here = true;
  sending.by_srun = false;
  slurm_->submit(sending.files.script(), sending.tag,
                 [this, tag = sending.tag](const SlurmSent& sent) { hear_sent(tag, sent); });
  return true;
}

void SlurmEngine::hear_sent(const std::string& tag, const SlurmSent& sent) {
  const auto found = sendings_.find(tag);
  if (found == sendings_.end()) return send_next();
  OpenSending& sending = *found->second;
  sending.asking = false;
  if (sent.how == SlurmSent::How::taken) {
    sending.trouble.clear();
    sending.sent_at = now();
    sending.fresh[sent.number] = sending.sent_at;
    ++sending.times_sent;
    // It is found by its tag where the disk is too full for this.
    (void)note_number(sending, sent.number).ok();
    for (std::uint32_t i = 0; i < sending.order.count; ++i)
      if (sending.gangs[i].stop && sending.gangs[i].phase != SentPhase::begun)
        ask_to_stop(sending, sending.order.first + i);
  } else if (sent.how == SlurmSent::How::in_vain && !sending.awaited.empty()) {
    sending.never_ends = sending.awaited;
    send_last(sending);
  } else if (sent.how == SlurmSent::How::refused || sent.how == SlurmSent::How::in_vain) {
    Ending ending;
    ending.cause = EndCause::not_started;
    ending.detail = sent.why.what;
    for (std::uint32_t i = 0; i < sending.order.count; ++i)
      end(sending, sending.order.first + i, Time{0}, now(), ending);
  } else {
    // Whether Slurm has it is mostly not known: looks find it by its tag, or it is sent again.
    sending.trouble = sent.why.what;
    sending.doubtful = sent.how == SlurmSent::How::unknown;
    sending.doubted_at = Time{0};
    if (!sending.doubtful) send_first(sending);
    not_sent_before_ = now() + patient(between_vain_sends);
  }
  look_later();
  send_next();
}

void SlurmEngine::send_by_srun(OpenSending& sending) {
  sending.asking = sending.by_srun = sending.sent_here = true;
  slurm_->start_at_once(srun_words(*sending.order.job.spec, sending.order.first, site_,
                                   parts_of(sending, settings_.gang_program)),
                        sending.files.directory() + "/srun.out",
                        [this, tag = sending.tag] { hear_srun_end(tag); });
  ++sruns_;
  watch_begin(sending.tag, 0);
}

void SlurmEngine::watch_begin(const std::string& tag, int looks) {
  const auto found = sendings_.find(tag);
  if (found != sendings_.end() && looks < most_looks_for_begin) {
    believe_claim(*found->second, found->second->order.first);
    if (found->second->gangs.front().phase == SentPhase::waiting && found->second->by_srun) {
      begins_[tag] =
          loop_.after(between_looks_for_begin, [this, tag, looks] { watch_begin(tag, looks + 1); });
      return;
    }
  }
  begins_.erase(tag);
  if (looks > 0) send_next();  // what comes after it may go now
}

void SlurmEngine::hear_srun_end(const std::string& tag) {
  --sruns_;
  const auto found = sendings_.find(tag);
  if (found == sendings_.end()) return;
  OpenSending& sending = *found->second;
  if (!sending.by_srun) return;  // it hung too long to be waited for
  const std::uint32_t index = sending.order.first;
  sending.asking = false;
  believe_claim(sending, index);
  if (believe_end(sending, index, nullptr)) return;
  if (sending.gang(index).phase != SentPhase::waiting) return look_later();
  // No node was free at once, or Slurm said no: it waits as all others do.
  sending.by_srun = false;
  ++sending.times_sent;
  if (sending.gang(index).stop)
    return end(sending, index, Time{0}, now(), ending_without_note(sending, index, nullptr));
  const std::string node =
      node_not_ready(last_lines(sending.files.directory() + "/srun.out", most_said_by_srun));
  if (!node.empty() && withdraw(sending, index)) {
    // Slurm drains a node for each job that is tried so. Whether it is tried again is for
    // `retries`.
    Ending ending;
    ending.cause = EndCause::lost;
    ending.detail =
        "node " + printable(node) + " could not start it: mostly a prolog that fails there";
    end(sending, index, Time{0}, now(), ending);
    return send_next();
  }
  send_first(sending);
  send_next();
}

// Taking back.

void SlurmEngine::stop(const StopOrder& order) {
  OpenSending* sending = find(order.gang);
  if (sending == nullptr) return pilots_.stop(order);
  const std::uint32_t index = order.gang.index;
  SentGang& gang = sending->gang(index);
  gang.stop = order;
  if (gang.phase == SentPhase::waiting) believe_claim(*sending, index);
  ask_to_stop(*sending, index);
  if (gang.phase == SentPhase::begun) return;
  // Of very many it is Slurm that says that they are over.
  const bool was_sent = sending->times_sent > 0 || sending->asking || sending->doubtful;
  if ((!was_sent || sending->order.count <= most_withdrawn) && withdraw(*sending, index))
    end(*sending, index, Time{0}, now(), ending_without_note(*sending, index, nullptr));
}

/// True: it never ran and never will.
bool SlurmEngine::withdraw(OpenSending& sending, std::uint32_t index) {
  Claim claim;
  claim.withdrawn = true;
  claim.at = now();
  const auto ours = make_claim(sending.files.claim(index), claim);
  return ours && *ours;
}

/// Looks ask once more while Slurm still has it, should the call be lost.
void SlurmEngine::ask_to_stop(OpenSending& sending, std::uint32_t index) {
  SentGang& gang = sending.gang(index);
  SlurmStop how = SlurmStop::cancel;
  // What is suspended hears no signal until Slurm ends it.
  const bool hears = gang.phase == SentPhase::begun && !sending.is_suspended(index);
  if (hears && sending.by_srun)
    how = gang.stop->at_once ? SlurmStop::kill_steps : SlurmStop::term_steps;
  else if (hears) how = gang.stop->at_once ? SlurmStop::kill_all : SlurmStop::term_script;
  if (cancel(sending, index, how)) gang.stop_sent = now();
  else look();
}

/// Only by numbers that Slurm has just said to be of this tag. False: there is none.
bool SlurmEngine::cancel(const OpenSending& sending, std::uint32_t index, SlurmStop how) {
  bool any = false;
  for (const auto& [number, seen] : sending.fresh) {
    if (now() - seen > patient(is_fresh_for)) continue;
    cancel(sending, index, number, how);
    any = true;
  }
  return any;
}

void SlurmEngine::cancel(const OpenSending& sending, std::uint32_t index, const std::string& number,
                         SlurmStop how) {
  if (cancels_.empty()) loop_.post([this] { cancel_now(); });
  Cancel& cancel = cancels_[{how, number}];
  cancel.is_array = sending.is_array();
  const std::uint32_t element = index - sending.order.first;
  if (cancel.elements.empty() || cancel.elements.back() != element)
    cancel.elements.push_back(element);
}

void SlurmEngine::cancel_now() {
  std::map<SlurmStop, std::vector<SlurmStopped>> calls;
  for (auto& [what, cancel] : std::exchange(cancels_, {})) {
    auto& elements = cancel.elements;
    std::sort(elements.begin(), elements.end());
    elements.erase(std::unique(elements.begin(), elements.end()), elements.end());
    if (!cancel.is_array) elements.clear();
    calls[what.first].push_back({what.second, std::move(elements)});
  }
  for (auto& [how, jobs] : calls) slurm_->stop(std::move(jobs), how, [this] { look_later(); });
}

}  // namespace gangline
