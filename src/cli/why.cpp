#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/reserve/local_times.h"
#include "json/json.h"

namespace gangline {
namespace {

// A gang that does not wait has an answer of its own, whatever its job's other gangs wait for.
Result<WhyAnswer> why_gang(Service& service, GangId id) {
  auto gang = ask<GangView>([&](auto reply) { service.show_gang(id, reply); });
  if (!gang) return gang.error();
  if (gang->phase == GangPhase::waiting) {
    auto of_job = ask<WhyAnswer>([&](auto reply) { service.why(id.job, reply); });
    if (of_job) of_job->phase = GangPhase::waiting;  // others of it may run
    return of_job;
  }
  WhyAnswer answer;
  answer.job = id.job;
  answer.phase = gang->phase;
  answer.reason = gang->ending ? describe(*gang->ending) : "it does not wait";
  // A start that does not come about has its reason among the notes: a disk that is full.
  if (gang->phase == GangPhase::starting && !gang->notes.empty())
    answer.reason = gang->notes.front();
  return answer;
}

Result<WhyAnswer> why_job(Service& service, JobId id) {
  auto answer = ask<WhyAnswer>([&](auto reply) { service.why(id, reply); });
  if (!answer || answer->phase != GangPhase::ended) return answer;
  const auto job = ask<JobDetail>([&](auto reply) { service.show(id, 0, 1, reply); });
  if (!job) return job.error();
  if (job->summary.ending) answer->reason = describe(*job->summary.ending);
  return answer;
}

}  // namespace

int run_why(const std::string& word, Output& out) {
  auto service = out.around().service();
  if (!service) return out.fail(service.error());
  auto name = find_job(**service, word);
  if (!name) return out.fail(name.error());
  const bool one_gang = name->index.has_value();
  auto answer =
      one_gang ? why_gang(**service, {name->job, *name->index}) : why_job(**service, name->job);
  if (!answer) return out.fail(answer.error());
  if (out.json()) {
    out.line(to_json(*answer));
    return 0;
  }
  if (out.quiet()) {
    out.line(printable(in_local_time(answer->reason)));
    return 0;
  }
  const std::string asked =
      one_gang ? "gang " + format(GangId{name->job, *name->index}) : "job " + format(name->job);
  const bool ended = answer->phase == GangPhase::ended;
  out.line(
      asked +
      (ended ? " waits for nothing, it has ended" : std::string(" is ") + name_of(answer->phase)) +
      ": " + printable(in_local_time(answer->reason)));
  if (answer->expected) {
    const Span left = *answer->expected - out.around().now();
    out.line("expected to start in about " + format(left) + " (" + format_utc(*answer->expected) +
             ")" +
             (answer->expected_because.empty()
                  ? ""
                  : ", " + printable(in_local_time(answer->expected_because))));
  } else if (!answer->expected_because.empty()) {
    out.line("when it will start cannot be known: " +
             printable(in_local_time(answer->expected_because)));
  }
  if (!answer->run_guessed.empty()) out.line(printable(answer->run_guessed));
  if (!answer->suggestions.empty()) out.line("it would start now with one of these:");
  for (const Suggestion& suggestion : answer->suggestions)
    out.line("  - " + printable(in_local_time(suggestion.change)));
  return 0;
}

}  // namespace gangline
