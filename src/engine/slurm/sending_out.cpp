// How sendings get to Slurm, and how they are taken back.
#include <algorithm>

#include "base/text.h"
#include "engine/slurm/sbatch_script.h"
#include "engine/slurm/slurm_engine.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::size_t most_sent_at_once = 1;  // so that Slurm numbers them as they were submitted
constexpr Span between_looks_for_begin = milliseconds(25);
constexpr int most_looks_for_begin = 80;
constexpr std::size_t most_names_in_a_call = 500;
constexpr std::uint32_t most_withdrawn = 64;
// Each stays here as long as its gang runs.
constexpr std::uint32_t most_sruns = 16;
constexpr Span between_vain_sends = seconds(5);
// Slurm was asked so lately that a number cannot have become another job's.
constexpr Span is_fresh_for = seconds(2);

ScriptParts parts_of(const OpenSending& sending, const std::string& gang_program) {
  return {gang_program, sending.files.directory(), sending.tag, sending.order.alternative,
          slurm_pattern_of(sending.files.directory()) + "/slurm-" +
              (sending.is_array() ? "%a" : "0") + ".out"};
}

/// "_[0-4,7]"
std::string elements_text(std::vector<std::uint32_t>& elements) {
  std::sort(elements.begin(), elements.end());
  std::string text;
  for (std::size_t i = 0; i < elements.size();) {
    std::size_t next = i + 1;
    while (next < elements.size() && elements[next] == elements[next - 1] + 1) ++next;
    text += (text.empty() ? "_[" : ",") + std::to_string(elements[i]);
    if (next > i + 1) text += "-" + std::to_string(elements[next - 1]);
    i = next;
  }
  return text + "]";
}

/// It did not come to Slurm for certain.
bool never_came(const std::string& complaint) {
  return complaint.find("Unable to contact slurm controller (connect failure)") !=
         std::string::npos;
}

/// Slurm said no, and would again: it is not that it does not answer.
bool is_refusal(const std::string& complaint) {
  for (const char* word : {"Unable to contact",
                           "Socket timed out",
                           "Connection refused",
                           "Slurm temporarily unable",
                           "Unexpected message",
                           "Zero Bytes",
                           "did not answer",
                           "Job violates",
                           "submit limit",
                           "AssocMaxSubmit",
                           "Slurm backup controller",
                           "Connection timed out",
                           "slurm_msg_",
                           "slurm_receive_",
                           "slurm_send_",
                           "socket error",
                           "Communication",
                           "Connection reset",
                           "Broken pipe",
                           "Transport endpoint"})
    if (complaint.find(word) != std::string::npos) return false;
  return complaint.find("Batch job submission failed") != std::string::npos ||
         complaint.find("allocation failure") != std::string::npos;
}

}  // namespace

void SlurmEngine::send_next() {
  if (now() < not_sent_before_) return;  // a look comes before
  std::size_t asking = 0;
  for (const auto& [tag, sending] : sendings_) asking += sending->asking && !sending->by_srun;
  while (!to_send_.empty() && asking < most_sent_at_once) {
    const auto next = sendings_.find(to_send_.front());
    to_send_.erase(to_send_.begin());
    if (next == sendings_.end()) continue;
    OpenSending& sending = *next->second;
    if (may_go_by_srun(sending)) {
      send_by_srun(sending);
    } else {
      send(sending);
      ++asking;
    }
  }
}

// sbatch may leave a job lying for seconds where a node is free, srun asks for one at once. Only
// the first of what waits goes so: it would overtake the others.
bool SlurmEngine::may_go_by_srun(const OpenSending& sending) const {
  const JobSpec& spec = *sending.order.job.spec;
  if (sending.is_array() || spec.resources.tasks != 1 || sending.times_sent > 0 ||
      sending.doubtful || sruns_ >= most_sruns)
    return false;
  return std::none_of(sendings_.begin(), sendings_.end(), [&](const auto& other) {
    return other.second.get() != &sending && !other.second->waits.empty();
  });
}

void SlurmEngine::send(OpenSending& sending) {
  const SendingOrder& order = sending.order;
  const std::string text = sbatch_script(*order.job.spec, order.first, order.count, site_,
                                         parts_of(sending, settings_.gang_program));
  if (auto written = write_file(sending.files.script(), text, 0700); !written) {
    sending.trouble = written.error().sentence();
    return;
  }
  sending.asking = sending.sent_here = true;
  sending.by_srun = false;
  calls_.ask(
      sbatch_words(sending.files.script(), sending.tag),
      [this, tag = sending.tag](const Result<ProgramAnswer>& answer) { hear_sent(tag, answer); });
}

void SlurmEngine::hear_sent(const std::string& tag, const Result<ProgramAnswer>& answer) {
  const auto found = sendings_.find(tag);
  if (found == sendings_.end()) return send_next();
  OpenSending& sending = *found->second;
  sending.asking = false;
  const auto text = said_by("sbatch", answer);
  const auto number = text ? read_sbatch_answer(*text) : Result<std::string>(text.error());
  if (number) {
    sending.trouble.clear();
    sending.sent_at = now();
    sending.fresh[*number] = sending.sent_at;
    ++sending.times_sent;
    // It is found by its tag where the disk is too full for this.
    (void)note_number(sending, *number).ok();
    for (std::uint32_t i = 0; i < sending.order.count; ++i)
      if (sending.gangs[i].stop && sending.gangs[i].phase != SentPhase::begun)
        ask_to_stop(sending, sending.order.first + i);
  } else if (is_refusal(number.error().what)) {
    Ending ending;
    ending.cause = EndCause::not_started;
    ending.detail = number.error().what;
    for (std::uint32_t i = 0; i < sending.order.count; ++i)
      end(sending, sending.order.first + i, Time{0}, now(), ending);
  } else {
    // Whether Slurm has it is mostly not known: looks find it by its tag, or it is sent again.
    sending.trouble = number.error().what;
    sending.doubtful = !never_came(sending.trouble);
    sending.doubted_at = Time{0};
    if (!sending.doubtful) to_send_.insert(to_send_.begin(), tag);
    not_sent_before_ = now() + patient(between_vain_sends);
  }
  look_later();
  send_next();
}

void SlurmEngine::send_by_srun(OpenSending& sending) {
  sending.asking = sending.by_srun = sending.sent_here = true;
  calls_.begin(srun_words(*sending.order.job.spec, sending.order.first, site_,
                          parts_of(sending, settings_.gang_program)),
               sending.files.directory() + "/srun.out",
               [this, tag = sending.tag](const auto&) { hear_srun_end(tag); });
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
  to_send_.insert(to_send_.begin(), tag);
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
  if (sending->order.count <= most_withdrawn && withdraw(*sending, index))
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
  std::vector<std::string> options;
  if (gang.phase == SentPhase::begun) {
    options.emplace_back(gang.stop->at_once ? "--signal=KILL" : "--signal=TERM");
    if (!sending.by_srun) options.emplace_back(gang.stop->at_once ? "--full" : "--batch");
  }
  if (cancel(sending, index, options)) gang.stop_sent = now();
  else look();
}

/// Only by numbers that Slurm has just said to be of this tag. False: there is none.
bool SlurmEngine::cancel(const OpenSending& sending, std::uint32_t index,
                         const std::vector<std::string>& options) {
  bool any = false;
  for (const auto& [number, seen] : sending.fresh) {
    if (now() - seen > patient(is_fresh_for)) continue;
    cancel(sending, index, number, options);
    any = true;
  }
  return any;
}

void SlurmEngine::cancel(const OpenSending& sending, std::uint32_t index, const std::string& number,
                         const std::vector<std::string>& options) {
  if (cancels_.empty()) loop_.post([this] { cancel_now(); });
  Cancel& cancel = cancels_[{options, number}];
  cancel.is_array = sending.is_array();
  const std::uint32_t element = index - sending.order.first;
  if (cancel.elements.empty() || cancel.elements.back() != element)
    cancel.elements.push_back(element);
}

void SlurmEngine::cancel_now() {
  std::map<std::vector<std::string>, std::vector<std::string>> calls;
  for (auto& [what, cancel] : std::exchange(cancels_, {})) {
    const auto& [options, number] = what;
    calls[options].push_back(number + (cancel.is_array ? elements_text(cancel.elements) : ""));
  }
  for (const auto& [options, names] : calls)
    for (std::size_t i = 0; i < names.size(); i += most_names_in_a_call) {
      std::vector<std::string> words{"scancel"};
      words.insert(words.end(), options.begin(), options.end());
      const auto end = names.begin() + static_cast<std::ptrdiff_t>(
                                           std::min(names.size(), i + most_names_in_a_call));
      words.insert(words.end(), names.begin() + static_cast<std::ptrdiff_t>(i), end);
      calls_.ask(std::move(words), [this](const auto&) { look_later(); });
    }
}

}  // namespace gangline
