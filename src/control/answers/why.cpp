// Why a job waits: what a plan says of it, or the system that it was handed to.
#include "base/text.h"
#include "control/controller.h"
#include "control/snapshot_of.h"

namespace gangline {

// As plans have it, in the first queue (snapshot_of.cpp).
std::string Controller::lost_queue_of(const JobState& job) const {
  const auto& queues = settings_.settings.queues;
  const std::string& queue = job.job.spec->queue;
  if (find_queue(queues, queue) || engine_.has_queue(queue)) return {};
  return "; there is no queue " + queue + " any more, so it waits in " + queues.front().name;
}

std::string Controller::reason_of(JobId job) {
  const JobState* state = register_.find(job);
  if (state != nullptr && state->live.empty())
    if (std::string lacking = engine_.lacks(*state->job.spec); !lacking.empty())
      return lacking + own_pilots_.trouble_of(job);
  if (planned_)
    if (const auto wait = cycle_.wait_of(job))
      return explain(wait->blocker, picture(), job) +
             (state == nullptr ? "" : lost_queue_of(*state));
  if (state == nullptr) return {};
  if (const auto gang = first_in_engine(job)) {
    const std::string trouble = engine_.trouble();
    if (auto why = trouble.empty() ? engine_.wait_of(*gang).reason : trouble; !why.empty())
      return why;
  }
  if (state->waiting() == 0) return {};
  if (!trouble_.empty()) return trouble_;
  if (engine_.places(*state->job.spec) && !state->after.empty())
    return explain(WaitsForJobs{state->after}, picture());
  if (state->gather_waits()) return "the gather waits for the other gangs of the job";
  if (rounds_.next() > world_.now()) return "it came after the newest round of plans";
  return "the devices of this machine are being looked at";
}

// The first of its gangs that waits in the system that the engine hands it to.
std::optional<GangId> Controller::first_in_engine(JobId job) const {
  const JobState* state = register_.find(job);
  if (state == nullptr) return std::nullopt;
  for (const auto& [index, gang] : state->live)
    if (gang.waits_in_engine()) return GangId{job, index};
  return std::nullopt;
}

void Controller::why(JobId job, Reply<WhyAnswer> reply) {
  touch();
  auto line = summary(job);
  if (!line) return reply(line.error());
  const JobState* known = register_.find(job);
  const bool lacks =
      known != nullptr && known->live.empty() && !engine_.lacks(*known->job.spec).empty();
  if (line->waiting > 0 && planned_ && !lacks && cycle_.wait_of(job)) {
    WhyAnswer answer = gangline::why(picture(), policy_, job);
    answer.phase = line->phase;
    const JobState* state = register_.find(job);
    if (state != nullptr) answer.reason += lost_queue_of(*state);
    if (state != nullptr && state->given_up)
      answer.reason += "; a start by " + format_utc(state->given_up->promised) +
                       " was promised and given up because " + state->given_up->cause;
    if (const auto guess = cycle_.foresight().prediction_of(job))
      answer.run_guessed = describe(*guess);
    return reply(std::move(answer));
  }
  WhyAnswer answer;
  answer.job = job;
  answer.phase = line->phase;
  answer.reason = !line->reason.empty()             ? line->reason
                  : line->phase == GangPhase::ended ? "nothing of it waits: it has ended"
                                                    : "nothing of it waits";
  const auto gang = first_in_engine(job);
  if (!gang || !engine_.trouble().empty()) return reply(std::move(answer));
  engine_.explain(*gang,
                  [answer = std::move(answer), reply = std::move(reply)](EngineWhy found) mutable {
                    if (!found.reason.empty()) answer.reason = std::move(found.reason);
                    answer.expected = found.expected;
                    answer.expected_because = std::move(found.expected_because);
                    answer.suggestions = std::move(found.suggestions);
                    reply(std::move(answer));
                  });
}

}  // namespace gangline
