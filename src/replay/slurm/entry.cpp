#include "replay/slurm/entry.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/node_list.h"
#include "base/text.h"

namespace gangline {

void refuse_unended(std::string_view state, Why& why) {
  constexpr std::array<std::string_view, 4> not_begun{"PENDING", "CONFIGURING", "REQUEUED",
                                                      "REQUEUE_HOLD"};
  constexpr std::array<std::string_view, 6> running{"RUNNING", "SUSPENDED", "COMPLETING",
                                                    "STOPPED", "RESIZING",  "SIGNALING"};
  const std::string_view word = state.substr(0, state.find(' '));  // "CANCELLED by 1001"
  if (std::find(not_begun.begin(), not_begun.end(), word) != not_begun.end())
    why.say("it had not started");
  if (std::find(running.begin(), running.end(), word) != running.end())
    why.say("it was still running");
}

void take_times(const SlurmTimes& times, PastJob& job, HistoryDraft& draft, Why& why) {
  if (!times.submitted) return why.say("its submission time is not told");
  job.submitted = *times.submitted;
  if (!times.started) return why.say("it never started");
  if (times.eligible && *times.eligible > job.submitted && *times.eligible <= *times.started) {
    job.submitted = *times.eligible;
    if (!why.said())
      draft.count(
          "jobs had to wait for others or for a date; they count from when they could start");
  }
  job.started = times.started;
  if (times.ended && *times.ended < *times.started) return why.say("it ended before it began");
  if (!times.elapsed && !times.ended) return why.say("neither its end nor its run time is told");
  job.run = times.elapsed ? *times.elapsed : *times.ended - *times.started;
  job.ended = times.ended ? *times.ended : *times.started + job.run;
}

void take_request(const Tres& asked, const Tres& given, bool as_given, PastJob& job,
                  HistoryDraft& draft, Why& why) {
  if (why.said()) return;
  Tres tres = as_given ? completed(given, asked) : completed(asked, given);
  // What is asked for has the fewest nodes that would do, which are fewer than the job filled.
  if (given.nodes) tres.nodes = std::max(tres.nodes.value_or(0), *given.nodes);
  if (tres.gpus_of_model.size() > 1)
    draft.count("jobs had GPUs of several models; any model does for them here");
  job.request = draft.one(request_of(asked_of(tres), why));
}

std::vector<std::string> nodes_of(std::string_view list) {
  if (list.empty() || list == "None assigned" || list == "(null)") return {};
  auto nodes = expand_node_list(list);
  if (!nodes) return {};
  for (std::string& node : *nodes) node = kept_text(node);
  return *std::move(nodes);
}

}  // namespace gangline
