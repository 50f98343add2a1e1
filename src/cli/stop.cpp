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
    if (out.json()) out.line(to_json(*job));
    else if (!out.quiet() && job->phase == GangPhase::ended)
      out.line("job " + named(*job) + " has ended");
    else if (!out.quiet()) out.line("job " + named(*job) + " is being stopped");
  }
  return code;
}

}  // namespace gangline
