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
    const StopRequest request{name->job, name->index, options.at_once, {}};
    auto job = ask<JobSummary>([&](auto reply) { (*service)->stop(request, reply); });
    if (!job) {
      code = out.fail(job.error());
      continue;
    }
    auto gang = name->index ? ask<GangView>([&](auto reply) {
      (*service)->show_gang({name->job, *name->index}, reply);
    })
                            : Result<GangView>(GangView{});
    if (!gang) {
      code = out.fail(gang.error());
      continue;
    }
    const bool ended = (name->index ? gang->phase : job->phase) == GangPhase::ended;
    if (out.json()) out.line(name->index ? to_json(*gang) : to_json(*job));
    else if (!out.quiet())
      out.line(subject(*job, name->index) + (ended ? " has ended" : " is being stopped"));
  }
  return code;
}

}  // namespace gangline
