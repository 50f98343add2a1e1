#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "json/json.h"

namespace gangline {
namespace {

Result<JobSummary> stop(Service& service, const StopRequest& request) {
  return ask<JobSummary>([&](auto reply) { service.stop(request, reply); });
}

// How it was before tells what the stop did: a moment later it may have ended by that very stop.
const char* outcome(GangPhase before, GangPhase after, bool has_run) {
  if (before == GangPhase::ended) return " has ended";
  if (after != GangPhase::ended) return " is being stopped";
  return has_run ? " was stopped" : " was stopped before it started";
}

Result<void> stop_job(Service& service, const StopRequest& request, Output& out) {
  const auto before = ask<JobSummary>([&](auto reply) {
    service.wait({request.job, {}, Span{0}}, reply);
  });
  if (!before) return before.error();
  const auto job = stop(service, request);
  if (!job) return job.error();
  if (out.json()) out.line(to_json(*job));
  else if (!out.quiet())
    out.line(subject(*job, {}) + outcome(before->phase, job->phase, job->started.has_value()));
  return {};
}

Result<void> stop_gang(Service& service, const StopRequest& request, Output& out) {
  const GangId id{request.job, request.index.value_or(0)};
  const auto look = [&] {
    return ask<GangView>([&](auto reply) { service.show_gang(id, reply); });
  };
  const auto before = look();
  if (!before) return before.error();
  const auto job = stop(service, request);
  if (!job) return job.error();
  const auto gang = look();
  if (!gang) return gang.error();
  if (out.json()) out.line(to_json(*gang));
  else if (!out.quiet())
    out.line(subject(*job, request.index) +
             outcome(before->phase, gang->phase, gang->started.has_value()));
  return {};
}

}  // namespace

int run_stop(const StopOptions& options, Output& out) {
  auto service = out.around().service();
  if (!service) return out.fail(service.error());
  int code = 0;
  for (const std::string& word : options.jobs) {
    auto name = find_job(**service, word);
    if (!name) {
      code = out.fail(name.error());
      continue;
    }
    const StopRequest request{name->job, name->index, options.at_once, {}};
    const auto told =
        name->index ? stop_gang(**service, request, out) : stop_job(**service, request, out);
    if (!told) code = out.fail(told.error());
  }
  return code;
}

}  // namespace gangline
