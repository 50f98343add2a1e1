#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "json/json.h"

namespace gangline {

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
    const auto look = [&] {
      return name->index ? ask<GangView>([&](auto reply) {
        (*service)->show_gang({name->job, *name->index}, reply);
      })
                         : Result<GangView>(GangView{});
    };
    // Before it is stopped, for a moment later it may have ended by that very stop.
    const auto before = look();
    const StopRequest request{name->job, name->index, options.at_once, {}};
    auto job = before ? ask<JobSummary>([&](auto reply) { (*service)->stop(request, reply); })
                      : Result<JobSummary>(before.error());
    auto gang = job && out.json() ? look() : before;
    if (!job || !gang) {
      code = out.fail(job ? gang.error() : job.error());
      continue;
    }
    const bool ended = (name->index ? before->phase : job->phase) == GangPhase::ended;
    if (out.json()) out.line(name->index ? to_json(*gang) : to_json(*job));
    else if (!out.quiet())
      out.line(subject(*job, name->index) + (ended ? " has ended" : " is being stopped"));
  }
  return code;
}

}  // namespace gangline
